internal import Foundation

/// Brings input, messages and signals to a client and its drawings to a screen, on one thread, which
/// then owns the screen. It sleeps without a timer while nothing happens.
///
/// `run` blocks its thread. On the main thread nothing may wait for the main actor meanwhile: other
/// work goes on in tasks elsewhere and posts to the mailbox.
package final class EventLoop<Message: Sendable> {
    /// At most 15 bytes, or the system does not take it.
    package static var threadName: String { "oven.screen" }

    private let screen: any Screen
    private let mailbox: Mailbox<Message>
    private let signals: any SignalSource
    private let waiter: any LoopWaiter
    private var hasHungUp = false
    /// As the client knows it.
    private var size = Size(columns: 0, rows: 0)

    package convenience init(screen: any Screen, mailbox: Mailbox<Message>) {
        self.init(
            screen: screen, mailbox: mailbox, signals: TerminalSignals.source, waiter: PollWaiter())
    }

    init(
        screen: any Screen, mailbox: Mailbox<Message>, signals: any SignalSource,
        waiter: any LoopWaiter
    ) {
        self.screen = screen
        self.mailbox = mailbox
        self.signals = signals
        self.waiter = waiter
    }

    /// Runs until the client is finished. The screen stays up.
    ///
    /// What a person does is handled and shown at once; messages are handled at once too, but shown
    /// no more often than the client's frame.
    package func run(_ client: some EventLoopClient<Message>) {
        // Profilers tell it from those that work.
        Thread.current.name = Self.threadName
        signals.own()
        size = screen.size
        // What is known already belongs to the first frame: the next may come 33 ms later.
        let known = mailbox.take()
        if !known.isEmpty { client.handle(known.map { .message($0) }) }
        show(client)
        var lastFrame = waiter.now
        var lastTick: ContinuousClock.Instant?
        var isDrawingDue = false
        while !client.isFinished {
            // A deadline that stays in the past gives a tick per frame, not one per turn.
            let tick = client.nextDeadline.map { deadline in
                lastTick.map { max(deadline, $0 + client.frame) } ?? deadline
            }
            let frame = isDrawingDue ? lastFrame + client.frame : nil
            let deadline = [tick, frame, hasHungUp ? nil : screen.inputDeadline].compactMap { $0 }
                .min()
            let wakeup = waiter.wait(
                input: hasHungUp ? nil : screen.inputDescriptor, mail: mailbox.descriptor,
                signal: signals.descriptor, until: deadline)

            var occurrences = urgentOccurrences(wakeup)
            let now = waiter.now
            if let tick, now >= tick {
                occurrences.append(.tick)
                lastTick = now
            }
            let isUrgent = !occurrences.isEmpty
            occurrences += mailbox.take().map { .message($0) }
            if !occurrences.isEmpty {
                client.handle(occurrences)
                isDrawingDue = true
            }
            // While the client had given the terminal away, nobody reported its size.
            if screen.size != size {
                size = screen.size
                client.handle([.input(.resize(size))])
                isDrawingDue = true
            }
            guard isDrawingDue, isUrgent || now >= lastFrame + client.frame, !client.isFinished
            else { continue }
            show(client)
            isDrawingDue = false
            lastFrame = now
        }
    }

    private func show(_ client: some EventLoopClient<Message>) {
        if hasHungUp { return }
        if let frame = client.draw() { screen.present(frame.surface, theme: frame.theme) }
    }

    /// Signals and input.
    private func urgentOccurrences(_ wakeup: Wakeup) -> [Occurrence<Message>] {
        var occurrences: [Occurrence<Message>] = []
        // Everything but a message alone may have changed the size or passed the input's deadline.
        var hasInput = wakeup != .mail
        if wakeup.contains(.signal) {
            for number in signals.take() {
                switch number {
                case SIGINT, SIGTERM, SIGHUP, SIGQUIT: occurrences.append(.signal(number))
                case SIGTSTP: screen.suspend()
                case SIGCONT: screen.redraw()
                default: break
                }
            }
            hasInput = true
        }
        guard hasInput, !hasHungUp else { return occurrences }
        for event in screen.readInput() {
            if case .resize(let size) = event { self.size = size }
            occurrences.append(.input(event))
        }
        if screen.isClosed {
            hasHungUp = true
            occurrences.append(.hangUp)
        }
        return occurrences
    }
}
