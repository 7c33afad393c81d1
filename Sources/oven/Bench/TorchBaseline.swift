import Foundation

/// Runs the packaged PyTorch script and reads its figures.
struct TorchBaseline {
    let python: String
    let script: URL
    let shape: BenchShape
    let threads: Int
    /// nil for what suits the shape.
    let repeats: Int?
    /// What a process gave beside what was asked for.
    private var known: [BenchFigure: Double] = [:]

    /// Why there is no peer to compare with.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case cannotStart(python: String, why: String)
        /// - Parameter why: The script's last line.
        case ended(code: Int32, why: String)

        var description: String {
            switch self {
            case .cannotStart(let python, let why): "cannot start \(python): \(why)"
            case .ended(let code, let why):
                "the baseline ended with code \(code): \(why) "
                    + "(it needs torch, transformers and peft)"
            }
        }
    }

    /// A line of the script.
    private struct Line: Decodable {
        var figure: String
        var batch: Int?
        var median: Double?
        var prompt: Int?
    }

    init(python: String, script: URL, shape: BenchShape, threads: Int, repeats: Int?) {
        self.python = python
        self.script = script
        self.shape = shape
        self.threads = threads
        self.repeats = repeats
    }

    /// The stronger of fp32 and bf16 with bf16 adapters; nil for what the script does not measure.
    ///
    /// - Throws: ``Failure`` when neither came to its end; one that did is enough, for fp32 may
    ///   need more memory than there is.
    mutating func peer(of figure: BenchFigure) async throws -> Double? {
        if let value = known[figure] { return value }
        guard let part = Self.part(of: figure) else { return nil }
        var failure: Failure?
        for setting in [["--dtype", "fp32"], ["--dtype", "bf16", "--adapter", "base"]] {
            do throws(Failure) {
                for (figure, value) in try await run(setting + part) {
                    known[figure] =
                        known[figure].map {
                            figure.better == .higher ? max($0, value) : min($0, value)
                        } ?? value
                }
            } catch {
                failure = error
            }
            try Task.checkCancellation()
        }
        guard let value = known[figure] else {
            throw failure ?? Failure.ended(code: 0, why: "no figure \(figure.rawValue)")
        }
        return value
    }

    private static func part(of figure: BenchFigure) -> [String]? {
        switch figure {
        case .prefill, .decode1: ["--what", "decode", "--decode-batches", "1"]
        case .decode16: ["--what", "decode", "--decode-batches", "16"]
        case .decode64: ["--what", "decode", "--decode-batches", "64"]
        case .teacher: ["--what", "teacher"]
        case .step: ["--what", "step"]
        default: nil
        }
    }

    private func run(_ arguments: [String]) async throws(Failure) -> [(BenchFigure, Double)] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            [python, script.path, "--size", shape.rawValue, "--threads", "\(threads)"]
            + ["--repeats", "\(repeats ?? (shape == .tiny ? 5 : 1))"] + arguments
        // One stream for figures and complaints: no other reader needed, and lines tell them apart.
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw .cannotStart(python: python, why: (error as NSError).localizedDescription)
        }
        let output = await withTaskCancellationHandler {
            let data = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
        } onCancel: {
            process.terminate()
        }
        guard process.terminationStatus == 0 else {
            throw .ended(
                code: process.terminationStatus,
                why: output.split(separator: "\n").last.map(String.init) ?? "it said nothing")
        }
        return Self.figures(in: output)
    }

    /// The figures in the script's lines; lines about other things are left out.
    private static func figures(in output: String) -> [(BenchFigure, Double)] {
        output.split(separator: "\n").compactMap { line in
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                let median = line.median
            else { return nil }
            switch (line.figure, line.batch) {
            case ("decode", 1): return (.decode1, median)
            case ("decode", 16): return (.decode16, median)
            case ("decode", 64): return (.decode64, median)
            // Seconds for a prompt; ours is in tokens a second.
            case ("prefill", 1): return line.prompt.map { (.prefill, Double($0) / median) }
            case ("teacher", _), ("teacher_prefix", _): return (.teacher, median)
            case ("step", _): return (.step, median)
            default: return nil
            }
        }
    }
}
