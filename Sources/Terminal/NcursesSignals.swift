internal import CNcurses

/// Signals as the loop takes them.
protocol SignalSource {
    /// Readable when one came; nil when none are caught.
    var descriptor: Int32? { get }
    /// Those that came, in order.
    func take() -> [Int32]
    /// The calling thread is the loop's.
    func own()
}

/// The signals of a program that has the screen.
///
/// A handler does nothing but write the signal's number into a pipe, on whatever thread it runs, so
/// threads that were there before are no harm. After a crash (an invalid access, a trap, an abort)
/// the terminal is given back first, in a way that is safe in a handler; then goes on what would
/// have happened anyway.
package enum TerminalSignals {
    /// Catches them. To be called first thing in `main`, before other threads start, so that those
    /// have INT, TERM, HUP, QUIT, TSTP and WINCH blocked and their system calls are not
    /// interrupted; and before a screen starts, or ncurses takes some for itself.
    ///
    /// A program that never comes to a screen must not call it: the signals would be lost.
    package static func install() {
        if cncurses_signals_install() < 0 { return }
    }

    /// As it was before ``install()``: an interrupt ends the program again.
    package static func remove() { cncurses_signals_remove() }

    static var source: any SignalSource { CaughtSignals() }
}

private struct CaughtSignals: SignalSource {
    var descriptor: Int32? {
        let descriptor = cncurses_signals_descriptor()
        return descriptor >= 0 ? descriptor : nil
    }

    func take() -> [Int32] {
        var numbers: [Int32] = []
        while case let number = cncurses_signals_next(), number != 0 { numbers.append(number) }
        return numbers
    }

    func own() { cncurses_signals_own() }
}
