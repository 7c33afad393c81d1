package import Baking
internal import Foundation

/// Sends the figures of one bake to where `log-to` says, besides the run's own record.
///
/// It reads what to send from the run's `events.jsonl`, in tasks of its own: a slow network or a full
/// disk never holds up or ends a bake, and what was missed is caught up with. Made for one job; one
/// that is dropped before it is finished gives up what is left.
package final class RunTracking: Sendable {
    private let clock: any ServiceClock
    private let starts: AsyncStream<URL>.Continuation
    private let news: AsyncStream<Void>.Continuation
    private let wandb: WandbLogger?
    private let work: Task<Void, Never>

    /// - Parameters:
    ///   - targets: Words of the setting `log-to`: `wandb`, `tensorboard`.
    ///   - key: Of W&B, for when `WANDB_API_KEY` is not set; before the netrc file.
    ///   - caller: Its transport, clock and random numbers are used.
    ///   - notify: Told what a person should know, from any thread. Also at once, when nothing can be
    ///     sent to a target.
    ///   - onStop: Called at most once, when the person presses Stop on the run's page: the bake is to
    ///     end after a checkpoint.
    package init(
        _ targets: [String], surroundings: Surroundings, key: Secret? = nil, caller: HTTPCaller,
        notify: @escaping @Sendable (ServiceNotice) -> Void,
        onStop: @escaping @Sendable () -> Void = {}
    ) {
        let (directories, starts) = AsyncStream.makeStream(
            of: URL.self, bufferingPolicy: .bufferingOldest(1))
        let (signals, news) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let wandb = Self.logger(
            targets, surroundings, key: key, caller: caller, notify: notify, onStop: onStop)
        self.clock = caller.clock
        self.starts = starts
        self.news = news
        self.wandb = wandb
        work = Task { [clock = caller.clock] in
            var directory: URL?
            for await place in directories {
                directory = place
                break
            }
            guard let directory else { return }
            async let sent: Void? = wandb?.run(directory)
            if targets.contains("tensorboard") {
                let log = TensorBoardLog(directory: directory, surroundings: surroundings)
                await Self.follow(signals, log, clock: clock, notify: notify)
            }
            await sent
        }
    }

    deinit { work.cancel() }

    /// Takes up what happened next; returns at once.
    package func take(_ event: BakeEvent) {
        if case .runStarted(let started) = event.kind {
            starts.yield(URL(filePath: started.directory, directoryHint: .isDirectory))
        }
        news.yield()
    }

    /// Waits until everything is sent, or for so long; what could not be sent is then told.
    package func finish(_ outcome: WorkOutcome, within limit: Duration = .seconds(30)) async {
        await wandb?.end(exitCode: outcome.exitCode)
        starts.finish()
        news.finish()
        let deadline = Task { [clock, work] in
            // Cut short when the work is done: then there is nothing to cancel.
            try? await clock.sleep(for: limit)
            work.cancel()
        }
        await work.value
        deadline.cancel()
    }

    /// One line for each service that has a state worth showing.
    var states: [String] {
        get async { await [wandb?.state.description].compactMap { $0 } }
    }

    private static func logger(
        _ targets: [String], _ surroundings: Surroundings, key: Secret?, caller: HTTPCaller,
        notify: @escaping @Sendable (ServiceNotice) -> Void,
        onStop: @escaping @Sendable () -> Void
    ) -> WandbLogger? {
        guard targets.contains("wandb") else { return nil }
        do throws(WandbError) {
            let settings = try WandbSettings(surroundings, key: key)
            return WandbLogger(
                settings, surroundings: surroundings, caller: caller, notify: notify,
                onStop: onStop)
        } catch {
            if case .off = error {
                notify(.note(service: WandbLogger.service, error.description))
            } else {
                notify(.warning(service: WandbLogger.service, error.description))
            }
            return nil
        }
    }

    private static func follow(
        _ signals: AsyncStream<Void>, _ log: TensorBoardLog, clock: any ServiceClock,
        notify: @escaping @Sendable (ServiceNotice) -> Void
    ) async {
        var log = log
        do {
            for await _ in signals { try log.catchUp(date: clock.date) }
            // What came after the last signal was taken.
            try log.catchUp(date: clock.date)
        } catch {
            notify(
                .warning(
                    service: "TensorBoard",
                    "stopped: \(error); the run's events.jsonl has every figure"))
        }
    }
}

extension WorkOutcome {
    /// As the services have it.
    fileprivate var exitCode: Int {
        switch self {
        case .finished: 0
        case .failed: 1
        // As after a signal; the service shows it as killed.
        case .interrupted: 255
        }
    }
}
