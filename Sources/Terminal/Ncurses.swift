internal import CNcurses

/// The only door to the C library of the terminal.
package enum Ncurses {
    /// Columns of the terminal behind `descriptor`; nil when it is none.
    package static func columns(descriptor: Int32) -> Int? {
        let columns = Int(cncurses_columns(descriptor))
        return columns > 0 ? columns : nil
    }

    /// Colours that terminfo knows of the terminal named by `TERM`; 0 for none.
    package static var colours: Int { Int(cncurses_colours()) }

    /// Cells of a scalar by the C library: 0, 1 or 2; negative for what it does not know.
    static func cells(_ scalar: Unicode.Scalar) -> Int { Int(cncurses_cells(scalar.value)) }
}
