internal import Baking
internal import Foundation
internal import Transformer

extension TinkerTrainer {
    /// Saves weights with and without the optimiser at the server, and writes into `directory` where.
    func saveCheckpoint(to directory: URL) async throws {
        let current = try current()
        training?.isSaved = true
        let lifetime = context.options.checkpointLifetime
        // Before it is asked for, so that the server's own end is never earlier.
        let saved = context.clock.date
        let name = Self.checkpointName(step: current.step)
        let state = await current.model.saveState(name, lifetime: lifetime)
        let sampler = await current.model.saveSampler(name, lifetime: lifetime)
        let file = TinkerCheckpointFile(
            server: context.options.server, model: context.remoteName,
            statePath: try await state.value, samplerPath: try await sampler.value,
            step: current.step, rank: current.configuration.rank,
            alpha: current.configuration.alpha, saved: saved,
            expires: lifetime.map { saved.addingTimeInterval($0 / .seconds(1)) })
        guard [file.statePath, file.samplerPath].allSatisfy({ $0.hasPrefix("tinker://") }) else {
            throw TinkerError.misaligned(
                what: "a save", why: "the path does not begin with tinker://")
        }
        try file.write(to: directory)
    }

    /// Of letters, digits and `-`; never the same twice, so that a save is never refused or taken
    /// for another's.
    static func checkpointName(step: Int) -> String {
        let random = String(UInt64.random(in: .min ... .max), radix: 16)
        return "oven-\(random)-step-\(step)"
    }

    /// The model of a checkpoint with its optimiser.
    ///
    /// - Throws: ``BackendError/checkpoint(path:why:)`` when the server has it no more, so that an
    ///   earlier one can be taken; what else went wrong as it was, so that none is given up for it.
    func load(
        _ file: TinkerCheckpointFile, from directory: URL
    ) async throws -> any TinkerTrainingModel {
        do {
            return try await context.service.loadModel(from: file.statePath, withOptimizer: true)
        } catch TinkerError.failed(let what, let why) {
            guard await isGone(file.statePath, why: why) else {
                throw TinkerError.failed(what: what, why: why)
            }
            throw BackendError.checkpoint(
                path: directory.path, why: "the server no longer has it (\(why))")
        }
    }

    /// Whether the server's list lacks `path`; where it has no list, whether its words say so.
    private func isGone(_ path: String, why: String) async -> Bool {
        if let list = try? await context.service.checkpoints(of: nil), !list.isEmpty {
            return !list.contains { $0.path == path }
        }
        let why = why.lowercased()
        return ["not found", "404", "410", "no such", "not exist", "expired", "unknown"]
            .contains(where: why.contains)
    }

    // MARK: The adapter's files

    /// Downloads the adapter, checks it and puts its two files into `directory`. An rsLoRA flag is
    /// folded into alpha, since half of the programs that read adapters ignore it.
    func fetchAdapter(for directory: URL) async throws {
        let names = ["adapter_model.safetensors", "adapter_config.json"]
        let manager = FileManager.default
        if names.allSatisfy({
            manager.fileExists(atPath: directory.appending(path: $0).path)
        }) {
            return
        }
        var file = try context.checkpoint(in: directory)
        let aside = directory.appending(path: ".adapter.partial", directoryHint: .isDirectory)
        try? manager.removeItem(at: aside)
        try manager.createDirectory(at: aside, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: aside) }
        try await context.service.downloadAdapter(file.samplerPath, to: aside)
        try Task.checkCancellation()
        let scaling = try TinkerDownload(directory: aside).normalise(
            for: context.configuration, base: file.model)
        // The configuration last: a directory that has it is whole.
        for name in names {
            let place = directory.appending(path: name)
            try? manager.removeItem(at: place)
            try manager.moveItem(at: aside.appending(path: name), to: place)
        }
        file.fetched = context.clock.date
        try file.write(to: directory)
        let wanted = file.alpha / Double(file.rank)
        if abs(scaling - wanted) > 1e-6 * max(abs(wanted), 1) {
            context.note(
                "the server trained with an alpha over rank of \(scaling.formatted()); "
                    + "\(wanted.formatted()) was asked for")
        }
    }

    /// Deletes what the checkpoint's file names; what cannot be deleted is told.
    func discard(_ directory: URL) async {
        // Without its file there is nothing to name.
        guard let file = try? TinkerCheckpointFile(directory: directory),
            file.server == TinkerCheckpointFile.shown(context.options.server)
        else { return }
        if let expires = file.expires, expires <= context.clock.date { return }
        for path in [file.statePath, file.samplerPath] {
            do {
                try await context.service.deleteCheckpoint(path)
            } catch {
                context.note("\(path) is left at the server: \(error)")
            }
        }
    }
}
