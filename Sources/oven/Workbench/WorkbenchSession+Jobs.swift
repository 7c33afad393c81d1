import Backends
import Baking
import Foundation
import Workbench

extension WorkbenchSession {
    /// Begins a job, unless one is going on.
    func start(_ kind: JobKind, _ request: JobRequest) {
        guard job == nil else {
            return post(.notice(.warning, "a job is running already"))
        }
        let control = BakeControl()
        let task = Task {
            post(.jobStarted(kind))
            let end = await work(kind, request, control)
            job = nil
            readRows()
            post(.jobEnded(end))
        }
        job = RunningJob(kind: kind, task: task, control: control)
    }

    func stop(afterCheckpoint: Bool) {
        guard let job else { return }
        if afterCheckpoint {
            job.control.stopAfterCheckpoint()
        } else {
            job.task.cancel()
        }
    }

    private func work(
        _ kind: JobKind, _ request: JobRequest, _ control: BakeControl
    ) async -> JobEnd {
        do {
            switch kind {
            case .verify:
                let run = try settings.store.run(named: request.run)
                let backend = try await backend(settings.adopting(run.record.configuration))
                try await watch(VerificationJob(run: run, backend: backend).events(), of: backend)
            case .generate, .bake:
                var (bakeJob, backend) = try await bakeJob(request)
                bakeJob.control = control
                let events = bakeJob.events(through: kind == .generate ? .generate : .bake)
                let tracking = try services.catalogue(settings).tracking {
                    control.stopAfterCheckpoint()
                }
                do {
                    try await watch(events, of: backend) { tracking?.take($0) }
                } catch {
                    let isStop = error is CancellationError || error is BakeStopped
                    finish(tracking, isStop ? .interrupted : .failed)
                    throw error
                }
                finish(tracking, .finished)
            }
            return .finished
        } catch is CancellationError {
            return .stopped
        } catch is BakeStopped {
            return .stopped
        } catch {
            return .failed(Problem.text(of: error))
        }
    }

    /// Takes up events until there are no more.
    private func watch(
        _ events: AsyncThrowingStream<BakeEvent, any Error>, of backend: any BakingBackend,
        alsoTelling tell: (BakeEvent) -> Void = { _ in }
    ) async throws {
        do {
            for try await event in events {
                tell(event)
                happened(event)
            }
            try Task.checkCancellation()
        } catch {
            await backend.endTraining()
            throw error
        }
    }

    /// What is still to be sent is sent while other things go on.
    private func finish(_ tracking: RunTracking?, _ outcome: WorkOutcome) {
        guard let tracking else { return }
        finishing.append(Task { await tracking.finish(outcome) })
    }

    /// The job of a request: of the prompt as it is, or of a run that goes on as it was.
    private func bakeJob(
        _ request: JobRequest
    ) async throws -> (job: BakeJob, backend: any BakingBackend) {
        if let name = request.run {
            let run = try settings.store.run(name)
            let configuration = run.record.configuration
            let queries = try run.queries()
            let settings = settings.adopting(configuration)
            let backend = try await backend(settings)
            // Rows that were brought along are in the run; they must not be made anew.
            let isBroughtAlong = run.record.identity.queries != queries.hash
            return (
                BakeJob(
                    prompt: try run.prompt(), queries: queries, configuration: configuration,
                    store: settings.store, backend: backend,
                    generator: try services.catalogue(settings).generator(for: backend),
                    runName: run.name,
                    dataset: isBroughtAlong ? .run(run.name) : nil),
                backend
            )
        }
        let queries = try settings.querySet()
        for warning in queries.warnings { post(.notice(.warning, warning)) }
        let stem = URL(filePath: request.promptPath).deletingPathExtension().lastPathComponent
        let prompt = try Prompt(text: request.promptText, name: stem)
        let backend = try await backend()
        return (
            BakeJob(
                prompt: prompt, queries: queries.queries,
                configuration: settings.bakeConfiguration, store: settings.store,
                backend: backend,
                generator: try services.catalogue(settings).generator(for: backend),
                forceNew: request.forceNew),
            backend
        )
    }

    private func happened(_ event: BakeEvent) {
        switch event.kind {
        case .runStarted(let start):
            attempt {
                let run = try settings.store.run(start.directory)
                job?.run = run
                follow(run)
            }
        case .generationProgress:
            // The rows on the screen need not be newer than a person sees.
            let now = ContinuousClock.now
            if job?.lastReading.map({ now - $0 > .milliseconds(100) }) ?? true {
                job?.lastReading = now
                readRows()
            }
        case .teacherProgress: if job?.isTraining != true { readRows() }
        case .step, .evaluation:
            let isBake = job?.kind == .bake
            job?.isTraining = isBake
        case .checkpoint(let checkpoint):
            // After the last step the weights are in the checkpoint alone.
            if checkpoint.step == lastStep { job?.isTraining = false }
        default: break
        }
        if case .step(let step) = event.kind { job?.stepCount = step.steps }
        post(.job(event))
    }

    private var lastStep: Int? { job?.stepCount }
}

extension BakeConfiguration {
    /// Every setting by name, as people read it.
    var texts: [String: String] {
        var texts: [String: String] = [:]
        for child in Mirror(reflecting: self).children {
            guard let label = child.label else { continue }
            let value = Mirror(reflecting: child.value)
            texts[label] =
                value.displayStyle == .optional
                ? value.children.first.map { "\($0.value)" } ?? "default" : "\(child.value)"
        }
        return texts
    }
}
