/// Makes events of what a terminal sends. It keeps what is cut in two by reading and knows the
/// sequences of xterm's kind by itself, so that a poor description costs no keys.
struct InputDecoder {
    private enum State: Equatable {
        case ground
        /// So many Escapes, of which the last may begin something.
        case escape(Int)
        /// `ESC [` and what came since.
        case control([UInt8])
        /// `ESC [ [` of the Linux console.
        case console
        /// `ESC O`.
        case shiftThree
        /// `ESC [ M` and what came since.
        case oldMouse([UInt8])
    }

    private static let pasteEnd = Array("\u{1B}[201~".utf8)
    private let pasteLimit: Int
    private var events: [InputEvent] = []
    private var state = State.ground
    /// Whether the sequence under way followed one more Escape.
    private var isAltSequence = false
    /// Typed characters that have not become events: marks join the base before them.
    private var typed = String.UnicodeScalarView()
    /// The first bytes of a character.
    private var partial: [UInt8] = []
    private var isAltPartial = false
    private var paste: [UInt8]?

    /// - Parameter pasteLimit: Bytes of a paste that are handed on at the latest, at least 16; what
    ///   follows becomes another paste.
    init(pasteLimit: Int = 4 << 20) { self.pasteLimit = pasteLimit }

    /// Whether the beginning of a paste came, and not its end.
    var isPasting: Bool { paste != nil }

    /// Whether something has begun and not ended: ``expire()`` ends it if nothing more comes.
    var isWaiting: Bool { isPasting || state != .ground || !partial.isEmpty }

    /// The events of everything that could be read at once. An Escape at its end is the key.
    mutating func decode(_ codes: some Sequence<InputCode>) -> [InputEvent] {
        for code in codes { feed(code) }
        return endBatch()
    }

    mutating func feed(_ code: InputCode) {
        switch code {
        case .byte(let byte): paste == nil ? feed(byte) : feedPaste(byte)
        case .resize(let size):
            flush()
            events.append(.resize(size))
        case .key(let key):
            // Within a paste it is a piece of text that looks like one.
            if isPasting { return }
            var modifiers = key.modifiers
            if takeEscape() { modifiers.insert(.alt) }
            abandon()
            emit(Key(key.code, modifiers))
        }
    }

    /// Nothing more can be read for now.
    mutating func endBatch() -> [InputEvent] {
        switch state {
        case .escape(let count):
            state = .ground
            for _ in 0..<count { emit(Key(.escape)) }
        case .control([]):
            abandon()
            emit(.alt("["))
        case .shiftThree:
            abandon()
            emit(.alt("O"))
        default: break
        }
        flush()
        defer { events = [] }
        return events
    }

    /// Gives up waiting: what was pasted counts, the beginning of a sequence does not.
    mutating func expire() -> [InputEvent] {
        endPaste(dropping: 0)
        abandon()
        return endBatch()
    }

    // MARK: Bytes

    private mutating func feed(_ byte: UInt8) {
        switch state {
        case .ground: plain(byte, isAlt: false)
        case .escape(let count): afterEscape(byte, count: count)
        case .control(let bytes): control(bytes, byte)
        case .console:
            abandon()
            if (0x41...0x45).contains(byte) { emit(Key(.function(Int(byte) - 0x40))) }
        case .shiftThree:
            let isAlt = isAltSequence
            abandon()
            if let key = ControlSequence.shiftThree(byte) { emit(key, isAlt: isAlt) }
        case .oldMouse(let bytes):
            state = .oldMouse(bytes + [byte])
            if bytes.count == 2 {
                abandon()
                if let event = ControlSequence.oldMouse(bytes + [byte]) { emit(event) }
            }
        }
    }

    private mutating func afterEscape(_ byte: UInt8, count: Int) {
        switch byte {
        case 0x1B: state = .escape(count + 1)
        case UInt8(ascii: "["), UInt8(ascii: "O"):
            for _ in 0..<max(0, count - 2) { emit(Key(.escape)) }
            isAltSequence = count > 1
            state = byte == UInt8(ascii: "[") ? .control([]) : .shiftThree
        default:
            _ = takeEscape()
            plain(byte, isAlt: true)
        }
    }

    /// Leaves the state after Escapes; all but the last were keys.
    ///
    /// - Returns: Whether there was one that makes what comes an Alt key.
    private mutating func takeEscape() -> Bool {
        guard case .escape(let count) = state else { return false }
        state = .ground
        for _ in 1..<count { emit(Key(.escape)) }
        return true
    }

    private mutating func control(_ bytes: [UInt8], _ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "[") where bytes.isEmpty: state = .console
        case UInt8(ascii: "M") where bytes.isEmpty: state = .oldMouse([])
        case 0x20...0x3F where bytes.count < 64: state = .control(bytes + [byte])
        case 0x40...0x7E:
            let isAlt = isAltSequence
            abandon()
            switch ControlSequence.event(bytes, final: byte) {
            case .some(.key(let key)): emit(key, isAlt: isAlt)
            case .some(.event(let event)): emit(event)
            case .some(.pasteStart):
                flush()
                paste = []
            case nil: break
            }
        default:
            // No such sequence: what came is lost, and this byte begins anew.
            abandon()
            if !(0x20...0x3F).contains(byte) { feed(byte) }
        }
    }

    private mutating func plain(_ byte: UInt8, isAlt: Bool) {
        if !partial.isEmpty {
            guard (0x80..<0xC0).contains(byte) else {
                partial = []
                return plain(byte, isAlt: isAlt)
            }
            return continueCharacter(byte)
        }
        switch byte {
        case 0x00: emit(.control(" "), isAlt: isAlt)
        case 0x08, 0x7F: emit(Key(.backspace), isAlt: isAlt)
        case 0x09: emit(Key(.tab), isAlt: isAlt)
        case 0x0D: emit(Key(.enter), isAlt: isAlt)
        case 0x1B: state = .escape(1)
        case 0x01...0x1A: emit(.control(Character(Unicode.Scalar(byte + 0x60))), isAlt: isAlt)
        case 0x1C...0x1F: emit(.control(Character(Unicode.Scalar(byte + 0x40))), isAlt: isAlt)
        case 0x20...0x7E: type(Unicode.Scalar(byte), isAlt: isAlt)
        case 0xC2...0xF4:
            partial = [byte]
            isAltPartial = isAlt
        // No beginning of a character.
        default: break
        }
    }

    private mutating func continueCharacter(_ byte: UInt8) {
        partial.append(byte)
        let count = partial[0] < 0xE0 ? 2 : partial[0] < 0xF0 ? 3 : 4
        guard partial.count == count else { return }
        let text = String(validating: partial, as: UTF8.self)
        partial = []
        // C1 controls are typed by no one.
        if let scalar = text?.unicodeScalars.first, scalar.value >= 0xA0 {
            type(scalar, isAlt: isAltPartial)
        }
    }

    // MARK: Paste

    private mutating func feedPaste(_ byte: UInt8) {
        paste?.append(byte)
        guard let bytes = paste else { return }
        if byte == Self.pasteEnd.last, bytes.suffix(Self.pasteEnd.count) == Self.pasteEnd[...] {
            endPaste(dropping: Self.pasteEnd.count)
        } else if bytes.count >= pasteLimit {
            handOnPaste(bytes)
        }
    }

    /// Makes an event of a long paste so far, but for a tail that may be cut within a character, a
    /// line break or the end's sequence.
    private mutating func handOnPaste(_ bytes: [UInt8]) {
        var end = bytes.count - Self.pasteEnd.count
        while end > 0, bytes[end] & 0xC0 == 0x80 || bytes[end - 1] == 0x0D { end -= 1 }
        guard end > 0 else { return }
        emitPaste(bytes[..<end])
        paste = Array(bytes[end...])
    }

    private mutating func endPaste(dropping count: Int) {
        guard let bytes = paste else { return }
        paste = nil
        emitPaste(bytes.dropLast(count))
    }

    private mutating func emitPaste(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        // Terminals send a carriage return for a line's end.
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars.split(
            separator: "\r", omittingEmptySubsequences: false)
        var lines = String.UnicodeScalarView(text[0])
        for part in text.dropFirst() {
            if part.first != "\n" { lines.append("\n") }
            lines.append(contentsOf: part)
        }
        emit(.paste(String(lines)))
    }

    // MARK: Events

    private mutating func type(_ scalar: Unicode.Scalar, isAlt: Bool) {
        if isAlt {
            emit(.alt(Character(scalar)))
        } else {
            typed.append(scalar)
        }
    }

    private mutating func emit(_ key: Key, isAlt: Bool = false) {
        emit(.key(Key(key.code, isAlt ? key.modifiers.union(.alt) : key.modifiers)))
    }

    private mutating func emit(_ event: InputEvent) {
        flush()
        events.append(event)
    }

    private mutating func flush() {
        guard !typed.isEmpty else { return }
        events += String(typed).map { .key(.character($0)) }
        typed = String.UnicodeScalarView()
    }

    private mutating func abandon() {
        state = .ground
        isAltSequence = false
        partial = []
    }
}
