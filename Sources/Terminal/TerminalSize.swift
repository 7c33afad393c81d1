internal import CNcurses

/// The terminal that the program writes to.
package enum TerminalSize {
    /// Columns of the terminal behind `descriptor`; nil when it is none.
    package static func columns(descriptor: Int32) -> Int? {
        let columns = Int(cncurses_columns(descriptor))
        return columns > 0 ? columns : nil
    }

    /// Colours that terminfo knows of the terminal named by `TERM`; 0 for none.
    package static var colours: Int { Int(cncurses_colours()) }
}
