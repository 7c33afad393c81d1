import Foundation
import Synchronization

/// Turns the first interrupt, hang-up or termination into a cancellation; the second one ends the
/// program at once.
final class Interruption: Sendable {
    private let number = Atomic<Int32>(0)
    private let sources: [any DispatchSourceSignal]

    /// The signal that came, if one did.
    var received: Int32? {
        let number = number.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    init(cancel: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "oven.signals")
        let signals = [SIGINT, SIGTERM, SIGHUP]
        sources = signals.map { signal in
            DispatchSource.makeSignalSource(signal: signal, queue: queue)
        }
        for (signal, source) in zip(signals, sources) {
            Foundation.signal(signal, SIG_IGN)
            source.setEventHandler { [self] in
                number.store(signal, ordering: .relaxed)
                for other in signals { Foundation.signal(other, SIG_DFL) }
                cancel()
            }
            source.resume()
        }
    }
}
