import Foundation
import Synchronization

/// Turns the first interrupt, hang-up or termination into a cancellation; the second one ends the
/// program at once.
final class Interruption {
    private final class Signal: Sendable {
        let number = Atomic<Int32>(0)
    }

    private let signal = Signal()
    private let sources: [any DispatchSourceSignal]

    /// The signal that came, if one did.
    var received: Int32? {
        let number = signal.number.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    init(cancel: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "oven.signals")
        let numbers = [SIGINT, SIGTERM, SIGHUP]
        sources = numbers.map { number in
            DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (number, source) in zip(numbers, sources) {
            Foundation.signal(number, SIG_IGN)
            source.setEventHandler { [signal] in
                signal.number.store(number, ordering: .relaxed)
                for other in numbers { Foundation.signal(other, SIG_DFL) }
                cancel()
            }
            source.resume()
        }
    }
}
