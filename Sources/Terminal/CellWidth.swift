internal import Foundation

/// The language of the terminal, as far as a program must know it.
package enum TerminalLocale {
    /// Takes over the locale's character set; to be called once, before any width is asked for.
    ///
    /// A process without any locale variable, as in many containers, is taken to be in a UTF-8
    /// terminal; one that names another character set gets ASCII.
    ///
    /// - Returns: Whether text may be written as UTF-8.
    package static func begin(environment: [String: String]) -> Bool {
        let isNamed = ["LC_ALL", "LC_CTYPE", "LANG"].contains { environment[$0]?.isEmpty == false }
        // Only the character set: numbers in files keep their point.
        if !isNamed || setlocale(LC_CTYPE, "") == nil { setlocale(LC_CTYPE, "C.UTF-8") }
        guard let codeset = nl_langinfo(Int32(CODESET)) else { return false }
        return String(cString: codeset).uppercased() == "UTF-8"
    }
}

extension Unicode.Scalar {
    /// Cells it takes on the terminal: 0, 1 or 2. The C library's word counts, since ncurses goes by
    /// it; what it does not know takes one cell.
    package var cellCount: Int {
        if value < 0x7F { return value < 0x20 ? 0 : 1 }
        let cells = Ncurses.cells(self)
        return cells < 0 ? 1 : cells
    }
}

extension StringProtocol {
    /// Cells it takes on one line of the terminal.
    package var cellCount: Int { unicodeScalars.reduce(0) { $0 + $1.cellCount } }
}
