import ArgumentParser
import Baking
import Foundation
import Transformer

/// What `oven export` writes.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
    case peft, merged, base
}

/// Writes a run's checkpoint for other programs and checks what was written.
struct Export {
    let checkpoint: Checkpoint
    let strength: Double
    /// With the run's model.
    let settings: Settings
    let services: Services
    let console: Console

    /// Why an export is not written.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case notEmpty(path: String)
        case notLocal(model: String)
        case strength
        case unwritable(path: String, why: String)

        var description: String {
            switch self {
            case .notEmpty(let path):
                "something is there already; choose another directory (\(path))"
            case .notLocal(let model):
                "the weights of \(model) are not on this machine; oven pull brings them"
            case .strength: "only merged weights can have a strength other than 1"
            case .unwritable(let path, let why): "cannot be written: \(why) (\(path))"
            }
        }
    }

    /// Writes the files.
    ///
    /// - Returns: Their names, sorted.
    func write(
        _ format: ExportFormat, to directory: URL, precision: MergedCheckpoint.Precision
    ) throws -> [String] {
        switch format {
        case .peft:
            guard strength == 1 else { throw Failure.strength }
            return try copy(
                ["adapter_config.json", "adapter_model.safetensors"],
                from: checkpoint.directory, to: directory)
        case .base:
            let model = try modelDirectory()
            let names = try FileManager.default.contentsOfDirectory(atPath: model.path)
            return try copy(names.filter { !$0.hasPrefix(".") }, from: model, to: directory)
        case .merged:
            return try writeMerged(
                model: try modelDirectory(), adapter: checkpoint.directory,
                strength: strength, to: directory, precision: precision)
        }
    }

    private func modelDirectory() throws -> URL {
        guard case .directory(let model) = try localSettings().modelLocation() else {
            throw Failure.notLocal(model: settings.text(.model))
        }
        return model
    }

    /// The settings with the model's weights on this machine, also where a service trained it.
    private func localSettings() throws -> Settings {
        guard let remote = settings.remoteModel else { return settings }
        guard case .directory? = try? ModelLocation(remote.model, in: settings.surroundings) else {
            throw Failure.notLocal(model: remote.model)
        }
        var local = settings
        local.use(.text(remote.model), for: .model)
        return local
    }

    /// Brings the adapter's files here where a service keeps them.
    func fetchAdapter() async throws {
        let file = checkpoint.directory.appending(path: "adapter_model.safetensors")
        guard settings.remoteModel != nil, !FileManager.default.fileExists(atPath: file.path)
        else { return }
        let backend = try await openBackend(settings, services, console)
        do {
            try await backend.fetchAdapter(for: checkpoint.directory)
        } catch {
            await backend.close(.failed)
            throw error
        }
        await backend.close(.finished)
    }

    /// Copies files, whole or not at all.
    private func copy(_ names: [String], from source: URL, to directory: URL) throws -> [String] {
        let manager = FileManager.default
        let existing = (try? manager.contentsOfDirectory(atPath: directory.path)) ?? []
        guard existing.isEmpty else { throw Failure.notEmpty(path: directory.path) }
        let aside = directory.deletingLastPathComponent()
            .appending(
                path: ".\(directory.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier)"
            )
        do {
            try manager.createDirectory(at: aside, withIntermediateDirectories: true)
            for name in names {
                // Files of the shared cache are links; the copy must stand alone.
                try manager.copyItem(
                    at: source.appending(path: name).resolvingSymlinksInPath(),
                    to: aside.appending(path: name))
            }
            if manager.fileExists(atPath: directory.path) { try manager.removeItem(at: directory) }
            try manager.moveItem(at: aside, to: directory)
        } catch {
            // What is half written is of no use to anybody.
            try? manager.removeItem(at: aside)
            throw Failure.unwritable(
                path: directory.path, why: (error as NSError).localizedDescription)
        }
        return names.sorted()
    }

    /// The largest difference between log-probabilities before the export and after loading it, over
    /// the likeliest tokens of a short conversation. Whole models are compared in float32, so that
    /// only what the files hold counts; one is open at a time.
    ///
    /// - Throws: ``Failure/notLocal(model:)`` when there are no weights here to compare with.
    func largestDifference(_ format: ExportFormat, in directory: URL) async throws -> Double {
        var settings = try localSettings()
        let own = AdapterChoice.checkpoint(checkpoint.directory, strength: strength)
        switch format {
        case .peft:
            let backend = try await openScorer(settings, services, console)
            return Self.difference(
                try await score(backend, own),
                try await score(backend, .checkpoint(directory, strength: 1)))
        case .merged, .base:
            settings.use(.flag(false), for: .int8)
            settings.use(.flag(true), for: .precise)
            let before = try await score(
                openScorer(settings, services, console), format == .base ? .none : own)
            settings.use(.text(directory.path), for: .model)
            return Self.difference(
                before, try await score(openScorer(settings, services, console), .none))
        }
    }

    private typealias Score = (logprobs: [Double], rows: [TopKRow])

    private func score(_ backend: any SequenceScorer, _ adapter: AdapterChoice) async throws
        -> Score
    {
        let tokens = try backend.template.context(
            system: .none, turns: [ChatMessage(.user, "Hello! Who are you, and what do you do?")],
            thinking: false, using: backend.tokenizer)
        return try await backend.score(tokens, topK: 20, adapter: adapter)
    }

    private static func difference(_ first: Score, _ second: Score) -> Double {
        var largest = zip(first.logprobs, second.logprobs).map { abs($0 - $1) }.max() ?? 0
        for (row, other) in zip(first.rows, second.rows) {
            let others = Dictionary(zip(other.ids, other.logprobs)) { first, _ in first }
            for (token, logprob) in zip(row.ids, row.logprobs) {
                guard let other = others[token] else { continue }
                largest = max(largest, Double(abs(logprob - other)))
            }
        }
        return largest
    }
}
