package import Foundation

extension NcursesScreen {
    /// How the terminal is used.
    package struct Options: Sendable {
        /// Its input, a file descriptor.
        package var input: Int32 = 0
        /// Its output, a file descriptor.
        package var output: Int32 = 1
        /// Colours at most; with `.attributes` and `.plain` none is ever written.
        package var depth: ColourDepth
        /// Whether text is written as ASCII alone.
        package var isASCII: Bool
        /// Whether the terminal reports the mouse; its own selection then needs Shift.
        package var hasMouse: Bool
        /// Takes standard error while the screen is up, if that is a terminal; nil drops it.
        package var log: URL?
        /// Tells the kind of terminal, by `TERM` and `TMUX`.
        package var environment: [String: String]

        package init(
            depth: ColourDepth, isASCII: Bool, hasMouse: Bool = true, log: URL? = nil,
            environment: [String: String]
        ) {
            self.depth = depth
            self.isASCII = isASCII
            self.hasMouse = hasMouse
            self.log = log
            self.environment = environment
        }
    }
}
