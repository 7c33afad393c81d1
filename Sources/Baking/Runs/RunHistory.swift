public import Foundation

/// What happened in a run so far: its events, those replaced left out. A live bake and a run that is
/// opened again come to the same value.
public struct RunHistory: Hashable, Sendable {
    /// What the run was last doing.
    public enum Phase: String, Hashable, Sendable {
        /// Nothing yet.
        case idle
        /// A process has taken it up.
        case starting
        /// Responses are sampled.
        case generating
        /// The teacher scores responses.
        case scoring
        /// The student is trained.
        case training
        /// Teacher, base and student are compared.
        case verifying
        /// It is complete.
        case finished
        /// An error ended it; of a complete run it only ended a later verification.
        case failed
    }

    /// A warning or an error, and when.
    public struct Entry: Hashable, Sendable {
        /// When.
        public var time: Date
        /// It ended the work; a warning otherwise.
        public var isError: Bool
        /// What.
        public var notice: Notice
    }

    /// What the run was last doing; an interruption leaves no event.
    public private(set) var phase = Phase.idle
    /// When a process last took it up.
    public private(set) var started: Date?
    /// As resolved then.
    public private(set) var configuration: BakeConfiguration?
    /// By step, each once.
    public private(set) var steps: [BakeStep] = []
    /// By step, each once.
    public private(set) var evaluations: [BakeEvaluation] = []
    /// Steps after which a checkpoint was written, also one that was removed later.
    public private(set) var checkpoints: [Int] = []
    /// In the order they were made.
    public private(set) var verifications: [VerificationReport] = []
    /// The end of a complete run.
    public private(set) var finished: RunFinished?
    /// Warnings and errors of every process that worked on it.
    public private(set) var notices: [Entry] = []
    /// The last of the sampling.
    public private(set) var generation: GenerationProgress?
    /// The last of the teacher's scoring.
    public private(set) var teacher: TeacherProgress?
    /// The last of the sampling for a verification.
    public private(set) var verificationReplies: GenerationProgress?

    /// Every row has been scored since a process took up the run: what is sampled now is for a
    /// verification.
    private var hasRows = false
    /// When the last event of training happened, while nothing else came between.
    private var lastStepTime: Date?
    /// The shortest of this process: a pause in between makes one longer.
    private var evaluationSeconds: Double?

    /// Nothing has happened.
    public init() {}

    /// Takes up what happened next.
    public mutating func apply(_ event: BakeEvent) {
        let stepTime = lastStepTime
        lastStepTime = nil
        switch event.kind {
        case .runStarted(let started): start(started, time: event.time)
        case .generationProgress(let progress) where hasRows:
            phase = .verifying
            verificationReplies = progress
        case .generationProgress(let progress):
            phase = .generating
            generation = progress
        case .teacherProgress(let progress):
            hasRows = progress.completed == progress.total
            phase = hasRows && step > 0 && step == stepCount ? .verifying : .scoring
            teacher = progress
        case .step(let step):
            phase = .training
            RunHistory.replace(&steps, with: step, by: \.step)
            lastStepTime = event.time
        case .evaluation(let evaluation):
            phase = .training
            RunHistory.replace(&evaluations, with: evaluation, by: \.step)
            if let stepTime {
                let seconds = max(event.time.timeIntervalSince(stepTime), 0)
                evaluationSeconds = min(evaluationSeconds ?? seconds, seconds)
            }
        case .checkpoint(let checkpoint):
            let isLast = checkpoint.step == steps.last?.steps
            phase = isLast ? .verifying : .training
            RunHistory.replace(&checkpoints, with: checkpoint.step, by: \.self)
        case .verification(let report):
            phase = finished == nil ? .verifying : .finished
            verifications.append(report)
        case .runFinished(let end):
            phase = .finished
            finished = end
        case .warning(let notice):
            notices.append(Entry(time: event.time, isError: false, notice: notice))
        case .error(let notice):
            phase = finished == nil ? .failed : .finished
            notices.append(Entry(time: event.time, isError: true, notice: notice))
        }
    }

    private mutating func start(_ started: RunStarted, time: Date) {
        phase = .starting
        hasRows = false
        self.started = time
        configuration = started.configuration
        steps.removeAll { $0.step > started.fromStep }
        evaluations.removeAll { $0.step > started.fromStep }
        checkpoints.removeAll { $0 > started.fromStep }
        verifications.removeAll { $0.step > started.fromStep }
        finished = nil
        evaluationSeconds = nil
    }

    /// Appends `element`; what has its step or a later one goes.
    private static func replace<Element>(
        _ elements: inout [Element], with element: Element, by step: (Element) -> Int
    ) {
        while let last = elements.last, step(last) >= step(element) { elements.removeLast() }
        elements.append(element)
    }
}

extension RunHistory {
    /// Steps done.
    public var step: Int { steps.last?.step ?? 0 }

    /// Steps of the whole bake; nil before the first.
    public var stepCount: Int? { steps.last?.steps }

    /// Of the finished run, else of the last verification, else of the last evaluation on dev
    /// queries; nil while none is there or it is no number.
    public var gapClosed: Double? {
        (finished?.gapClosed ?? verifications.last?.gapClosed ?? evaluations.last?.gapClosed)
            .flatMap(finite)
    }

    /// K-plus-rest KL of the base model on dev queries, nats per response token.
    public var baseKL: Double? { (evaluations.last?.baseKL).flatMap(finite) }

    /// Response tokens trained on, each as often as it was.
    public var tokenCount: Int { steps.reduce(0) { $0 + $1.tokens } }

    /// Seconds of a step, over the last twenty; evaluations, checkpoints and pauses are not in it.
    private var secondsPerStep: Double? {
        let recent = steps.suffix(20).map(\.seconds).filter { $0.isFinite && $0 > 0 }
        return recent.isEmpty ? nil : recent.reduce(0, +) / Double(recent.count)
    }

    /// Steps per second, over the last twenty.
    public var stepsPerSecond: Double? { secondsPerStep.map { 1 / $0 } }

    /// Response tokens per second in training, over the last twenty steps.
    public var tokensPerSecond: Double? {
        let recent = steps.suffix(20).filter { $0.seconds.isFinite && $0.seconds > 0 }
        guard !recent.isEmpty else { return nil }
        return Double(recent.reduce(0) { $0 + $1.tokens }) / recent.reduce(0) { $0 + $1.seconds }
    }

    /// Seconds until the last step, evaluations included, the verification not; nil before the
    /// first step.
    public var secondsLeft: Double? {
        guard let secondsPerStep, let stepCount else { return nil }
        let left = max(stepCount - step, 0)
        let every = max(configuration?.evaluateEvery ?? stepCount, 1)
        let evaluationsLeft = (left + every - 1) / every
        return Double(left) * secondsPerStep + Double(evaluationsLeft) * (evaluationSeconds ?? 0)
    }
}

extension Run {
    /// What happened in the run so far, from `events.jsonl`; torn and unknown lines are left out.
    public func history() throws -> RunHistory {
        var history = RunHistory()
        var events = RunEvents(self)
        // In pieces, so that not all events of a long run are held at once.
        repeat {
            let new = try events.readNew(upTo: GrowingFile.pieceByteCount)
            if events.startedOver { history = RunHistory() }
            for event in new { history.apply(event) }
        } while events.isBehind
        return history
    }
}
