import Foundation

/// What a job knows before it touches a run, and how it brings a run up to it.
struct BakePreparation {
    let job: BakeJob
    let renderer: ConversationRenderer
    let rowIdentity: RowIdentity
    let identity: RunIdentity
    let imported: DatasetImport?

    init(_ job: BakeJob) throws {
        self.job = job
        let configuration = job.configuration
        try configuration.validate()
        renderer = try ConversationRenderer(
            prompt: job.prompt, studentContext: configuration.studentContext,
            thinking: configuration.thinking, backend: job.backend)
        rowIdentity = RowIdentity(
            prompt: job.prompt, backend: job.backend, configuration: configuration)
        imported = try job.dataset.map { [renderer, rowIdentity] source in
            try DatasetImport(
                source, store: job.store, renderer: renderer, identity: rowIdentity)
        }
        identity = RunIdentity(
            model: rowIdentity.model, prompt: rowIdentity.prompt, template: rowIdentity.template,
            queries: imported?.hash ?? job.queries.hash,
            sampling: sha256(
                parts: [rowIdentity.sampling] + configuration.temperatures.map { "\($0)" }))
    }

    func trainer() throws -> any StudentTrainer {
        guard job.backend.capabilities.contains(.train),
            let trainer = job.backend as? any StudentTrainer
        else {
            throw BakeError.cannot("trained", model: job.backend.model.name)
        }
        return trainer
    }

    // MARK: Which run

    /// The run to continue or to show; nil makes a new one.
    func existingRun() throws -> Run? {
        if let name = job.runName {
            let run = try job.store.existing(name)
            if run != nil, job.forceNew { throw RunError.exists(run: name) }
            return run
        }
        if job.forceNew { return nil }
        let fitting = try job.store.runs().filter(fits)
        return fitting.first { !isFinished($0) } ?? fitting.first
    }

    private func fits(_ run: Run) -> Bool {
        run.record.identity == identity && run.record.configuration == job.configuration
    }

    private func isFinished(_ run: Run) -> Bool {
        if case .finished = run.record.outcome { true } else { false }
    }

    func newRecord() throws -> RunRecord {
        let process = ProcessInfo.processInfo
        return RunRecord(
            // As it will be read back.
            created: try JSONLine.time(JSONLine.text(of: Date())),
            configuration: job.configuration, identity: identity,
            model: job.backend.model, versions: ["oven": EngineVersion.current],
            machine: RunRecord.Machine(
                system: process.operatingSystemVersionString,
                processorCount: process.processorCount,
                memoryByteCount: process.physicalMemory))
    }

    /// Shows the result of `run` if it is finished and equal to the job.
    func replay(_ run: Run, emit: (BakeEvent) -> Void) throws -> Bool {
        guard case .finished(let steps, let seconds) = run.record.outcome, fits(run),
            let report = try run.verification()
        else { return false }
        emit(
            BakeEvent(
                .runStarted(
                    RunStarted(
                        run: run.name, directory: run.directory.path, resumed: true,
                        fromStep: steps, configuration: job.configuration))))
        emit(BakeEvent(.verification(report)))
        emit(
            BakeEvent(
                .runFinished(
                    RunFinished(
                        run: run.name, steps: steps, seconds: seconds, kl: report.kl.baked,
                        gapClosed: report.gapClosed))))
        return true
    }

    /// Makes `run` a run of this job. Rows are known by their own identity; checkpoints are not, and
    /// nothing that was trained is thrown away.
    ///
    /// - Returns: What a person should know.
    /// - Throws: ``RunError/otherSettings(run:changes:)`` when the run has checkpoints that this job
    ///   would not have made.
    func adopt(_ run: inout Run) throws -> [Notice] {
        var warnings: [Notice] = []
        let record = run.record
        if !fits(run) {
            let changes =
                identity.differences(from: record.identity)
                + job.configuration.differences(from: record.configuration)
            let keepsTraining =
                identity == record.identity && job.configuration.trains(like: record.configuration)
            guard try keepsTraining || run.checkpoints().isEmpty else {
                throw RunError.otherSettings(run: run.name, changes: changes)
            }
            warnings.append(
                Notice(
                    "\(changes.joined(separator: ", ")) changed since the run was made; it goes on",
                    where: run.name))
            try RunFiles.write(Data(job.prompt.text.utf8), to: run.url(.prompt))
        }
        try RunFiles.write(json: job.queries, to: run.url(.queries))
        try run.update { [identity] record in
            record.outcome = nil
            record.configuration = job.configuration
            record.identity = identity
            record.model = job.backend.model
        }
        return warnings
    }
}

extension RunIdentity {
    /// Names of the fields in which `other` differs.
    func differences(from other: RunIdentity) -> [String] {
        zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children).compactMap {
            "\($0.value)" == "\($1.value)" ? nil : $0.label
        }
    }
}
