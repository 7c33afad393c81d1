/// What surfaces are shown on and where input comes from: a terminal, or a test's stand-in.
///
/// It belongs to one thread, that of the ``EventLoop``.
package protocol Screen: AnyObject {
    /// Cells that can be drawn into now.
    var size: Size { get }
    /// Becomes readable when there is input.
    var inputDescriptor: Int32 { get }
    /// When ``readInput()`` should be called even if no more input comes: a sequence or a paste has
    /// begun and not ended.
    var inputDeadline: ContinuousClock.Instant? { get }
    /// Whether the terminal has gone away, as far as ``readInput()`` noticed.
    var isClosed: Bool { get }

    /// All input there is, without waiting.
    func readInput() -> [InputEvent]
    /// Shows a surface; what it has beyond ``size`` is left out.
    func present(_ surface: Surface, theme: Theme)
    /// Sets the terminal's modes again and writes everything.
    func redraw()
    /// Gives the terminal back and stops the process, as Ctrl-Z does; returns when it goes on.
    func suspend()
    /// Gives the terminal to another program while `body` runs.
    func runOutside<Result>(_ body: () throws -> Result) rethrows -> Result
    /// Puts text on the clipboard through the terminal (OSC 52).
    ///
    /// - Returns: Whether it was sent: not if it is too long or the terminal is not known to
    ///   understand it. Whether the terminal obeys cannot be known.
    @discardableResult
    func copy(_ text: String) -> Bool
    /// Rings the bell.
    func ring()
    /// Names the terminal's window, where that is possible.
    func setTitle(_ title: String)
    /// Gives the terminal back for good. A second call does nothing.
    func end()
}
