internal import CNcurses
internal import Foundation

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

    /// Runs a program that uses the terminal, such as an editor, and waits for its end; for the body
    /// of ``Screen/runOutside(_:)``. (Foundation's `Process` puts it into a group of its own, where
    /// it may not read from the terminal.)
    ///
    /// - Parameter arguments: The program, looked for in `PATH`, and what it is called with.
    /// - Returns: Its exit status, or 128 and the number of the signal that ended it.
    package static func run(_ arguments: [String]) throws(ScreenError) -> Int32 {
        precondition(!arguments.isEmpty)
        let copies = arguments.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let status = cncurses_run(copies.map { UnsafePointer($0) } + [nil])
        if status < 0 {
            throw .cannotRun(arguments[0], reason: String(cString: strerror(-status)))
        }
        return status
    }
}
