import Baking
import Foundation

extension BenchSubject {
    /// The whole job, once: with random weights on random tokens; with a model the default job,
    /// from opening its files to the verification.
    func bake(_ console: Console) async throws -> BenchMeasurement {
        guard shape == nil else { return try bakeRandomTokens() }
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "oven-bench-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // A temporary directory; the system clears what may be left.
        defer { try? FileManager.default.removeItem(at: directory) }
        let settings = try defaultSettings(in: directory)
        // The job opens the files itself.
        loaded = nil
        ProcessMemory.forgetPeak()
        let start = ContinuousClock.now
        let job = BakeJob(
            prompt: try Prompt(text: "You are a pirate named Gertrude. Talk like a pirate."),
            queries: try settings.querySet().queries, configuration: settings.bakeConfiguration,
            store: settings.store,
            backend: try await openBackend(settings, Services(trace: nil) { _ in }, console))
        for try await _ in job.events() {}
        try Task.checkCancellation()
        return BenchMeasurement(values: [(ContinuousClock.now - start) / .seconds(1)])
    }

    /// What holds where nobody has set anything but model, arithmetic and threads.
    private func defaultSettings(in directory: URL) throws -> Settings {
        var surroundings = settings.surroundings
        surroundings.workingDirectory = directory
        surroundings.environment["XDG_CONFIG_HOME"] = directory.path
        var own = try Settings(flags: [.model: modelDirectory().path], in: surroundings)
        for name in [SettingName.precise, .int8, .threads] {
            own.use(settings[name].value, for: name)
        }
        return own
    }
}
