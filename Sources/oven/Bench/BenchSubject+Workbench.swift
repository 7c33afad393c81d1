import Baking
import Foundation
import Terminal
import Workbench

private enum Work {
    static let keyCount = 300
    static let keys = Array("abcdefgh ").map(String.init)
    /// Long enough to measure beside.
    static let longBake = ["--temperatures", "0.7", "--epochs", "1000"]
    /// With some ten steps a second.
    static let fastBake = longBake + ["--batch-size", "2"]
    static let shortBake = ["--temperatures", "0.7", "--epochs", "8"]
    static let startBake = "\u{1B}[15~"
    static let goToPrompt = "\u{1B}1"
    static let goToBake = "\u{1B}3"
    static let goToChat = "\u{1B}4"
    /// Begins a frame.
    static let frame = Array("\u{1B}[?2026h".utf8)
}

// The interface is measured from outside, in a terminal like a person's.
extension BenchSubject {
    /// Until the prompt is seen; `process` is a start that only prints the version.
    func workbenchStart() async throws -> BenchMeasurement {
        let place = try workplace()
        var process: [Double] = []
        var terminal = try place.open()
        let values = try repeated(15) {
            process.append(try place.run(["--version"]) * 1000)
            terminal = try place.open()
            let time = try terminal.wait(for: BenchWorkplace.word) * 1000
            terminal.stop()
            return time
        }
        var measurement = BenchMeasurement(values: values)
        measurement.details["process"] = BenchMeasurement(values: process).median
        return measurement
    }

    /// Until the first byte after a key in the prompt.
    func workbenchKey() async throws -> BenchMeasurement {
        let place = try workplace()
        let terminal = try open(place)
        return try reactions(terminal)
    }

    /// The same while all cores bake.
    func workbenchKeyBaking() async throws -> BenchMeasurement {
        let place = try workplace()
        let terminal = try open(place, Work.longBake)
        try startBake(place, terminal)
        terminal.type(Work.goToPrompt)
        return try reactions(terminal)
    }

    /// The processor's time while nothing runs.
    func workbenchIdle() async throws -> BenchMeasurement {
        let place = try workplace()
        let terminal = try open(place)
        let values = try repeated(3) {
            try load(of: terminal, seconds: 5).all
        }
        return measurement(values, terminal)
    }

    /// The processor's time of the interface while a bake draws its curve and a reply streams in,
    /// with all panes on the screen.
    func workbenchBusy() async throws -> BenchMeasurement {
        let place = try workplace()
        let terminal = try open(place, Work.fastBake, columns: 140, rows: 40)
        try startBake(place, terminal)
        terminal.type(Work.goToChat)
        let before = try place.history().steps.count
        let values = try repeated(3) {
            terminal.type("Tell me a long story about the sea.\r")
            return try load(of: terminal, seconds: 5).interface
        }
        var result = measurement(values, terminal)
        result.details["steps/s"] =
            Double(try place.history().steps.count - before) / Double(5 * values.count)
        return result
    }

    /// Memory before a model is loaded: of a model that is not there.
    func workbenchMemory() async throws -> BenchMeasurement {
        let place = try BenchWorkplace(settings, model: "/nonexistent")
        let terminal = try place.open()
        try terminal.wait(for: BenchWorkplace.word)
        try terminal.settle(quiet: 1)
        guard let memory = ProcessFigures.memory(of: terminal.identifier) else {
            throw Unmeasurable(description: "the system does not tell another process's memory")
        }
        var result = measurement([Double(memory.all) / 1e6], terminal)
        result.details["own"] = Double(memory.own) / 1e6
        return result
    }

    /// Bytes of a frame while a bake draws its curve.
    func workbenchBytes() async throws -> BenchMeasurement {
        let place = try workplace()
        let terminal = try open(place, Work.fastBake)
        try startBake(place, terminal)
        terminal.type(Work.goToBake)
        try terminal.follow(seconds: 1)
        var frames = 0
        var byteCount = 0
        let values = try repeated(3) {
            terminal.forget()
            try terminal.follow(seconds: 5)
            let count = terminal.output.ranges(of: Work.frame).count
            frames += count
            byteCount += terminal.output.count
            return Double(terminal.output.count) / Double(max(1, count))
        }
        var result = measurement(values, terminal)
        result.details["frames/s"] = Double(frames) / Double(5 * values.count)
        result.details["B/s"] = Double(byteCount) / Double(5 * values.count)
        return result
    }

    /// The time of a step in the workbench over that in the command.
    func workbenchBake() async throws -> BenchMeasurement {
        var alone: [Double] = []
        var inside: [Double] = []
        let values = try repeated(3) {
            let command = try workplace()
            _ = try command.run(["bake", "--json"] + command.arguments + Work.shortBake)
            alone.append(
                BenchMeasurement(values: try command.history().steps.map(\.seconds)).median)
            let place = try workplace()
            let terminal = try open(place, Work.shortBake)
            try startBake(place, terminal)
            while try place.history().phase == .training { try terminal.follow(seconds: 0.5) }
            inside.append(BenchMeasurement(values: try place.history().steps.map(\.seconds)).median)
            return inside[inside.count - 1] / alone[alone.count - 1]
        }
        var result = BenchMeasurement(values: values)
        result.details["command s"] = BenchMeasurement(values: alone).median
        result.details["workbench s"] = BenchMeasurement(values: inside).median
        return result
    }

    // MARK: Parts

    private func workplace() throws -> BenchWorkplace {
        try BenchWorkplace(settings, model: modelDirectory().path)
    }

    /// The results of runs; what warms up comes before.
    private func repeated(_ standard: Int, _ run: () throws -> Double) throws -> [Double] {
        try (0..<(repeats ?? standard)).map { _ in
            try Task.checkCancellation()
            return try run()
        }
    }

    /// Opens the workbench and waits until the model is there and nothing moves.
    private func open(
        _ place: BenchWorkplace, _ arguments: [String] = [], columns: UInt16 = 80,
        rows: UInt16 = 24
    ) throws -> BenchTerminal {
        let terminal = try place.open(arguments, columns: columns, rows: rows)
        try terminal.wait(for: " tokens")
        try terminal.settle(quiet: 1)
        return terminal
    }

    /// Begins a bake and waits for its first steps.
    private func startBake(_ place: BenchWorkplace, _ terminal: BenchTerminal) throws {
        terminal.type(Work.startBake)
        while try place.history().steps.count < 2 {
            try Task.checkCancellation()
            try terminal.follow(seconds: 0.2)
        }
    }

    private func reactions(_ terminal: BenchTerminal) throws -> BenchMeasurement {
        let times = try (0..<Work.keyCount).map { number in
            try Task.checkCancellation()
            return try terminal.reaction(to: Work.keys[number % Work.keys.count]) * 1000
        }
        var result = measurement(times, terminal)
        result.details["p99"] = result.quantile(0.99)
        return result
    }

    /// The shares of one core that the program and its interface's thread take, in percent.
    private func load(
        of terminal: BenchTerminal, seconds: Double
    ) throws -> (all: Double, interface: Double) {
        let process = terminal.identifier
        let before = ProcessFigures.threads(of: process)
        let start = ContinuousClock.now
        try terminal.follow(seconds: seconds)
        guard let before, let after = ProcessFigures.threads(of: process) else {
            throw Unmeasurable(description: "the system does not tell another process's time")
        }
        let share = 100 / ((ContinuousClock.now - start) / .nanoseconds(1))
        var load = (all: 0.0, interface: 0.0)
        for (number, thread) in after {
            let used = Double(thread.nanoseconds - (before[number]?.nanoseconds ?? 0)) * share
            load.all += used
            if thread.name == EventLoop<WorkbenchEvent>.threadName { load.interface += used }
        }
        return load
    }

    private func measurement(
        _ values: [Double], _ terminal: BenchTerminal
    ) -> BenchMeasurement {
        var result = BenchMeasurement(values: values)
        if let memory = ProcessFigures.memory(of: terminal.identifier) {
            result.peakByteCount = memory.all
        }
        return result
    }
}
