internal import CNcurses
internal import Foundation

/// The terminal as a screen; nothing else writes to it. One at a time in a process, on one thread.
///
/// ``TerminalLocale/begin(environment:)`` and ``TerminalSignals/install()`` come first. The terminal
/// is given back by ``end()``, when the program exits, and before it crashes.
package final class NcursesScreen: Screen {
    private let screen: OpaquePointer
    private let features: TerminalFeatures
    private let isASCII: Bool
    /// What the terminal can show of what was asked for.
    package let depth: ColourDepth
    private let inputFile: Int32
    private let keys: [Int32: InputCode]
    private var decoder = InputDecoder()
    private var colours: NcursesColours
    /// What the window holds; empty when that is not known.
    private var shown: [Cell] = []
    /// Of another size, all is written anew.
    private var shownSize = Size(columns: 0, rows: 0)
    private var shownTheme: Theme?
    private var shownCursor: Point?
    private var scalars: [UInt32] = []
    private var hasTitle = false
    private var hasEnded = false

    package private(set) var inputDeadline: ContinuousClock.Instant?
    package private(set) var isClosed = false

    /// Takes the terminal over.
    package init(options: Options) throws(ScreenError) {
        let features = TerminalFeatures(environment: options.environment)
        let depth = max(options.depth, .attributes)
        let needed: Int32 = depth == .full ? 1 << 24 : depth == .many ? 256 : 0
        let description =
            features.descriptions(for: depth).first { cncurses_described($0) >= needed }
            // The best of what there is.
            ?? features.descriptions(for: .many).first { cncurses_described($0) >= 256 }
            ?? features.terminal
        screen = try Self.start(options, features: features, description: description)
        self.features = features
        isASCII = options.isASCII
        inputFile = options.input
        self.depth = min(depth, Self.depth(colours: cncurses_screen_colours(screen)))
        colours = NcursesColours(depth: self.depth, limit: Int(cncurses_screen_pairs(screen)))
        keys = Self.keys()
    }

    deinit { end() }

    private static func start(
        _ options: Options, features: TerminalFeatures, description: String
    ) throws(ScreenError) -> OpaquePointer {
        var own = 0
        if features.isModern {
            own |= CNCURSES_PASTE | CNCURSES_FOCUS | (options.hasMouse ? CNCURSES_MOUSE : 0)
        }
        if features.isSynchronised { own |= CNCURSES_SYNCHRONISED }
        var failure: Int32 = 0
        let screen = description.withCString { terminal in
            (options.log?.path ?? "/dev/null").withCString { log in
                var options = cncurses_options(
                    terminal: terminal, input: options.input, output: options.output,
                    has_colours: options.depth > .attributes ? 1 : 0, features: Int32(own), log: log
                )
                return cncurses_start(&options, &failure)
            }
        }
        if let screen { return screen }
        switch Int(failure) {
        case CNCURSES_NO_TERMINAL: throw .noTerminal
        case CNCURSES_UNKNOWN: throw .unknownTerminal(features.terminal)
        case CNCURSES_NO_CURSOR: throw .noCursorAddressing(features.terminal)
        case CNCURSES_BUSY: throw .isTaken
        default: throw .system(reason: String(cString: strerror(errno)))
        }
    }

    private static func depth(colours: Int32) -> ColourDepth {
        switch colours {
        case (1 << 24)...: .full
        case 256...: .many
        case 16...: .sixteen
        case 8...: .eight
        default: .attributes
        }
    }

    /// Keys by the codes that ncurses gave them; those above its own differ from terminal to
    /// terminal.
    private static func keys() -> [Int32: InputCode] {
        var keys: [Int32: InputCode] = [:]
        for code in Int32(256)..<1024 {
            guard let name = cncurses_key_name(code).map({ String(cString: $0) }) else { continue }
            if name == "KEY_RESIZE" {
                keys[code] = .resize(Size(columns: 0, rows: 0))
            } else if let key = KeyNames.key(name) {
                keys[code] = .key(key)
            }
        }
        return keys
    }

    // MARK: Input

    package var size: Size {
        Size(
            columns: Int(cncurses_screen_columns(screen)), rows: Int(cncurses_screen_rows(screen)))
    }

    package var inputDescriptor: Int32 { inputFile }

    package func readInput() -> [InputEvent] {
        if hasEnded { return [] }
        cncurses_fit(screen)
        var hasRead = false
        while readSome() { hasRead = true }
        if !hasRead {
            isClosed = cncurses_is_closed(screen) != 0
            if let deadline = inputDeadline, isClosed || deadline <= .now {
                inputDeadline = nil
                return decoder.expire()
            }
            return []
        }
        let events = decoder.endBatch()
        // A sequence comes in one piece or nearly so; a paste may take its time.
        let patience: Duration = decoder.isPasting ? .seconds(1) : .milliseconds(100)
        inputDeadline = decoder.isWaiting ? .now + patience : nil
        return events
    }

    /// - Returns: Whether there was anything.
    private func readSome() -> Bool {
        if decoder.isPasting {
            // Text: all at once, and no keys.
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = Int(cncurses_read(screen, &bytes, Int32(bytes.count)))
            for byte in bytes.prefix(count) { decoder.feed(.byte(byte)) }
            return count > 0
        }
        let code = cncurses_next(screen)
        if code < 0 { return false }
        if code < 256 {
            decoder.feed(.byte(UInt8(code)))
        } else if let key = keys[code] {
            if case .resize = key {
                shownSize = Size(columns: 0, rows: 0)
                decoder.feed(.resize(size))
            } else {
                decoder.feed(key)
            }
        }
        return true
    }

    // MARK: Output

    package func present(_ surface: Surface, theme: Theme) {
        if hasEnded { return }
        if theme != shownTheme {
            colours = NcursesColours(depth: depth, limit: Int(cncurses_screen_pairs(screen)))
            shown = []
            shownTheme = theme
        }
        if surface.size != shownSize {
            shown = []
            cncurses_erase(screen)
        }
        colours.beginFrame()
        let isNew = shown.isEmpty
        var hasChanged = isNew
        if !put(surface, theme: theme, isNew: isNew, hasChanged: &hasChanged) {
            // Too many pairs of colours: the old ones are forgotten, and all cells written anew.
            colours.forget()
            _ = put(surface, theme: theme, isNew: true, hasChanged: &hasChanged)
        }
        shown = surface.cells
        shownSize = surface.size
        guard hasChanged || surface.cursor != shownCursor else { return }
        shownCursor = surface.cursor
        let cursor = surface.cursor.flatMap { Rect(size).contains($0) ? $0 : nil }
        cncurses_refresh(screen, Int32(cursor?.x ?? -1), Int32(cursor?.y ?? -1))
    }

    /// - Returns: Whether there were pairs of colours enough.
    private func put(
        _ surface: Surface, theme: Theme, isNew: Bool, hasChanged: inout Bool
    ) -> Bool {
        let columns = surface.size.columns
        let visible = Rect(size).intersection(surface.bounds)
        for y in 0..<visible.height {
            var last: NcursesColours.Written?
            for x in 0..<visible.width {
                let index = y * columns + x
                let cell = surface.cells[index]
                // The cell behind a wide base comes with it.
                if cell.text.isEmpty || !isNew && cell == shown[index] { continue }
                guard var written = colours.written(cell.look, theme: theme, on: screen) else {
                    return false
                }
                // A space has no colour of its own: in its neighbour's none is switched.
                if cell.text == " ", let last, last.showsSpace(like: written) { written = last }
                hasChanged = true
                put(cell.text, x: x, y: y, written)
                last = written
            }
        }
        return true
    }

    private func put(_ text: String, x: Int, y: Int, _ written: NcursesColours.Written) {
        scalars.removeAll(keepingCapacity: true)
        for scalar in text.unicodeScalars {
            scalars.append(isASCII && scalar.value > 0x7E ? 0x3F : scalar.value)
            if isASCII { break }
        }
        cncurses_put(
            screen, Int32(x), Int32(y), scalars, Int32(scalars.count), written.attributes,
            written.pair)
    }

    package func redraw() {
        if !hasEnded { cncurses_redraw(screen) }
    }

    @discardableResult
    package func copy(_ text: String) -> Bool {
        guard features.isModern,
            let bytes = ClipboardSequence.bytes(for: text, isTmux: features.isTmux)
        else { return false }
        return write(bytes)
    }

    package func ring() { _ = write([7]) }

    package func setTitle(_ title: String) {
        guard features.isModern else { return }
        let safe = title.terminalSafeLine(isASCII: isASCII).truncated(to: 80, isASCII: isASCII)
        // The first title keeps the terminal's own for later.
        let keep = hasTitle ? "" : "\u{1B}[22;2t"
        if write(Array("\(keep)\u{1B}]2;\(safe)\u{7}".utf8)) { hasTitle = true }
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        !hasEnded && cncurses_write(screen, bytes, Int32(bytes.count)) == 0
    }

    // MARK: Leaving

    package func suspend() {
        if hasEnded { return }
        cncurses_leave(screen)
        cncurses_signals_stop()
        // Woken to die in the background: there the terminal must not be touched.
        if cncurses_signals_end_is_near() != 0 { return }
        cncurses_return(screen)
    }

    package func runOutside<Result>(_ body: () throws -> Result) rethrows -> Result {
        if hasEnded { return try body() }
        cncurses_leave(screen)
        cncurses_signals_outside(1)
        defer {
            cncurses_signals_outside(0)
            cncurses_return(screen)
        }
        return try body()
    }

    package func end() {
        if hasEnded { return }
        if hasTitle { _ = write(Array("\u{1B}[23;2t".utf8)) }
        hasEnded = true
        cncurses_end(screen)
    }
}
