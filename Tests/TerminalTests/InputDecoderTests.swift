import Testing

@testable import Terminal

@Suite struct InputDecoderTests {
    private func events(_ text: String) -> [InputEvent] {
        var decoder = InputDecoder()
        return decoder.decode(text.utf8.map { .byte($0) })
    }

    @Test(arguments: [
        ("a", [Key.character("a")]), ("A?", [.character("A"), .character("?")]),
        (" ", [.character(" ")]), ("\r", [Key(.enter)]), ("\n", [.control("j")]),
        ("\t", [Key(.tab)]), ("\u{8}", [Key(.backspace)]), ("\u{7F}", [Key(.backspace)]),
        ("\u{1}", [.control("a")]), ("\u{3}", [.control("c")]), ("\u{1A}", [.control("z")]),
        ("\u{0}", [.control(" ")]), ("\u{1C}", [.control("\\")]), ("\u{1D}", [.control("]")]),
        ("\u{1E}", [.control("^")]), ("\u{1F}", [.control("_")]),
        ("é水🍞", [.character("é"), .character("水"), .character("🍞")]),
        ("e\u{301}x", [.character("e\u{301}"), .character("x")]),
        ("👩\u{200D}🍳", [.character("👩\u{200D}🍳")]), ("\u{85}a", [.character("a")]),
    ])
    func `a key is what it types`(text: String, keys: [Key]) {
        #expect(events(text) == keys.map { .key($0) })
    }

    @Test(arguments: [
        ("\u{1B}", [Key(.escape)]), ("\u{1B}\u{1B}", [Key(.escape), Key(.escape)]),
        ("\u{1B}x", [.alt("x")]), ("\u{1B}X", [.alt("X")]), ("\u{1B}1", [.alt("1")]),
        ("\u{1B}\r", [Key(.enter, .alt)]), ("\u{1B}\u{7F}", [Key(.backspace, .alt)]),
        ("\u{1B}é", [.alt("é")]), ("\u{1B}\u{1}", [Key(.character("a"), [.control, .alt])]),
        ("\u{1B}[", [.alt("[")]), ("\u{1B}O", [.alt("O")]),
        ("\u{1B}\u{1B}x", [Key(.escape), .alt("x")]), ("\u{1B}\u{1B}[A", [Key(.up, .alt)]),
        ("\u{1B}xy", [.alt("x"), .character("y")]),
    ])
    func `an escape before a key is Alt, alone it is Escape`(text: String, keys: [Key]) {
        #expect(events(text) == keys.map { .key($0) })
    }

    @Test(arguments: [
        ("[A", Key(.up)), ("OB", Key(.down)), ("[1;2C", Key(.right, .shift)),
        ("[1;3D", Key(.left, .alt)), ("[1;5D", Key(.left, .control)),
        ("[1;6H", Key(.home, [.control, .shift])), ("[1;5F", Key(.end, .control)),
        ("[1;8A", Key(.up, [.control, .alt, .shift])), ("[1;4B", Key(.down, [.alt, .shift])),
        ("[1;7B", Key(.down, [.alt, .control])), ("[3~", Key(.delete)),
        ("[3;5~", Key(.delete, .control)), ("[2~", Key(.insert)), ("[5~", Key(.pageUp)),
        ("[6;2~", Key(.pageDown, .shift)), ("[1~", Key(.home)), ("[4~", Key(.end)),
        ("[7~", Key(.home)), ("[8~", Key(.end)), ("[Z", Key(.tab, .shift)),
        ("OP", Key(.function(1))),
        ("[15~", Key(.function(5))), ("[17;2~", Key(.function(6), .shift)),
        ("[24~", Key(.function(12))), ("[1;2P", Key(.function(1), .shift)),
        ("[[A", Key(.function(1))), ("[[E", Key(.function(5))), ("OM", Key(.enter)),
        ("Oq", .character("1")), ("[13;2u", Key(.enter, .shift)),
        ("[27;2;13~", Key(.enter, .shift)), ("[13;3u", Key(.enter, .alt)),
        ("[13;5u", Key(.enter, .control)), ("[9;5u", Key(.tab, .control)),
        ("[105;5u", .control("i")), ("[80;6u", Key(.character("p"), [.control, .shift])),
        ("[97;2u", .character("A")), ("[97;3u", .alt("a")), ("[97;4u", .alt("A")),
        ("[27;5;106~", .control("j")), ("[27u", Key(.escape)), ("[32;5u", .control(" ")),
        ("[127;3u", Key(.backspace, .alt)), ("[97:65;2:1u", .character("A")),
        ("[1;69A", Key(.up, .control)),
    ])
    func `sequences of xterm's kind are keys`(text: String, key: Key) {
        #expect(events("\u{1B}\(text)") == [.key(key)])
    }

    @Test(arguments: [
        "[?1;2c", "[>0;1;2c", "[99~", "[97;1:3u", "[57358u", "[201~", "[0u", "[<0;1M", "[<3;1;1M",
        "[<66;1;1M", "[27;2~", "[1114112u", "[999999999999999999999~", "[55296u",
    ])
    func `what is no key leaves no trace`(text: String) {
        #expect(events("\u{1B}\(text)a") == [.key(.character("a"))])
    }

    @Test(arguments: [
        ("[<0;1;1M", MouseEvent(.press, at: Point(x: 0, y: 0))),
        ("[<0;300;120m", MouseEvent(.release, at: Point(x: 299, y: 119))),
        ("[<32;5;6M", MouseEvent(.drag, at: Point(x: 4, y: 5))),
        ("[<64;2;3M", MouseEvent(.wheelUp, at: Point(x: 1, y: 2))),
        ("[<65;2;3M", MouseEvent(.wheelDown, at: Point(x: 1, y: 2))),
        ("[<4;2;3M", MouseEvent(.press, at: Point(x: 1, y: 2), modifiers: .shift)),
        ("[<24;2;3M", MouseEvent(.press, at: Point(x: 1, y: 2), modifiers: [.alt, .control])),
        ("[<80;2;3M", MouseEvent(.wheelUp, at: Point(x: 1, y: 2), modifiers: .control)),
        ("[<0;0;0M", MouseEvent(.press, at: Point(x: 0, y: 0))),
        ("[M !!", MouseEvent(.press, at: Point(x: 0, y: 0))),
        ("[M#\"#", MouseEvent(.release, at: Point(x: 1, y: 2))),
        ("[M@!!", MouseEvent(.drag, at: Point(x: 0, y: 0))),
        ("[M`!!", MouseEvent(.wheelUp, at: Point(x: 0, y: 0))),
        ("[Ma!!", MouseEvent(.wheelDown, at: Point(x: 0, y: 0))),
    ])
    func `the mouse speaks in two encodings`(text: String, event: MouseEvent) {
        #expect(events("\u{1B}\(text)") == [.mouse(event)])
    }

    @Test func `focus comes and goes`() {
        #expect(events("\u{1B}[I\u{1B}[O") == [.focus(true), .focus(false)])
    }

    @Test(arguments: [
        ("hello", "hello"), ("a\rb\r\nc\nd\r", "a\nb\nc\nd\n"), ("\u{1B}[A\t水", "\u{1B}[A\t水"),
        ("~201~", "~201~"), ("\u{3}", "\u{3}"),
    ])
    func `a paste is one event and keeps its text`(pasted: String, text: String) {
        #expect(
            events("x\u{1B}[200~\(pasted)\u{1B}[201~\r")
                == [.key(.character("x")), .paste(text), .key(Key(.enter))])
        #expect(events("\u{1B}[200~\u{1B}[201~") == [])
    }

    @Test func `input may be cut anywhere inside a sequence`() {
        let text = "水\u{1B}[1;5D\u{1B}[200~a\u{1B}[201\r~é\u{1B}[201~\u{1B}[<0;10;20Mé"
        let bytes = Array(text.utf8)
        let whole = events(text)
        #expect(whole.count == 5)
        for cut in 1..<bytes.count where bytes[cut - 1] != 0x1B {
            // A lone `ESC [` is Alt-[ when nothing follows at once.
            if bytes[cut - 1] == UInt8(ascii: "["), !whole.isEmpty, bytes[cut - 2] == 0x1B {
                continue
            }
            var decoder = InputDecoder()
            let parts =
                decoder.decode(bytes[..<cut].map { .byte($0) })
                + decoder.decode(bytes[cut...].map { .byte($0) })
            #expect(parts == whole, "cut at \(cut)")
            #expect(!decoder.isWaiting)
        }
    }

    @Test func `keys that the description knows take part`() {
        var decoder = InputDecoder()
        #expect(decoder.decode([.key(Key(.up))]) == [.key(Key(.up))])
        #expect(decoder.decode([.byte(0x1B), .key(Key(.up))]) == [.key(Key(.up, .alt))])
        let size = Size(columns: 3, rows: 2)
        #expect(
            decoder.decode([.byte(0x61), .resize(size), .byte(0x62)])
                == [.key(.character("a")), .resize(size), .key(.character("b"))])
        // One that cuts a sequence short ends it.
        #expect(
            decoder.decode("\u{1B}[1;".utf8.map { .byte($0) } + [.key(Key(.down))])
                == [.key(Key(.down))])
    }

    @Test func `a paste without an end does not keep the keyboard`() {
        var decoder = InputDecoder()
        #expect(decoder.decode("\u{1B}[200~lost".utf8.map { .byte($0) }) == [])
        #expect(decoder.isPasting && decoder.isWaiting)
        #expect(decoder.expire() == [.paste("lost")])
        #expect(!decoder.isWaiting)
        #expect(decoder.decode([.byte(0x61)]) == [.key(.character("a"))])
    }

    @Test func `a sequence without an end is given up`() {
        var decoder = InputDecoder()
        for start in ["\u{1B}[12", "\u{1B}[M ", "\u{1B}[["] {
            #expect(decoder.decode(start.utf8.map { .byte($0) }) == [])
            #expect(decoder.isWaiting)
            #expect(decoder.expire() == [])
            #expect(!decoder.isWaiting)
        }
        #expect(decoder.decode([.byte(0xE6), .byte(0xB0)]) == [])
        #expect(decoder.isWaiting)
        #expect(decoder.expire() == [] && !decoder.isWaiting)
        let long = "\u{1B}[" + String(repeating: "1;", count: 500) + "A"
        #expect(decoder.decode(long.utf8.map { .byte($0) }).last == .key(.character("A")))
    }

    @Test func `a long paste comes in pieces that lose nothing`() {
        let text = String(repeating: "ab水\r\né🍞", count: 40)
        for limit in 16...40 {
            var decoder = InputDecoder(pasteLimit: limit)
            let events = decoder.decode("\u{1B}[200~\(text)\u{1B}[201~".utf8.map { .byte($0) })
            let pieces = events.map { event in
                if case .paste(let piece) = event { piece } else { "?" }
            }
            #expect(pieces.count > 1)
            #expect(pieces.joined() == text.replacing("\r\n", with: "\n"))
        }
    }

    @Test func `any bytes are taken and none makes it wait for ever`() {
        var numbers = SeededNumbers(state: 11)
        let likely: [UInt8] = Array("\u{1B}[O<M;:~0129Au\r".utf8) + [0, 0x80, 0xC3, 0xE6, 0xFF]
        for _ in 0..<300 {
            var decoder = InputDecoder(pasteLimit: 64)
            for _ in 0..<8 {
                let codes = (0..<Int.random(in: 0...20, using: &numbers)).map { _ in
                    InputCode.byte(likely[Int.random(in: 0..<likely.count, using: &numbers)])
                }
                _ = decoder.decode(codes)
            }
            _ = decoder.expire()
            #expect(!decoder.isWaiting)
            #expect(decoder.decode([.byte(0x71)]) == [.key(.character("q"))])
        }
    }

    @Test(arguments: [
        ("KEY_UP", Key(.up)), ("KEY_F(1)", Key(.function(1))),
        ("KEY_F(12)", Key(.function(12))), ("KEY_F(18)", Key(.function(6), .shift)),
        ("KEY_F(25)", Key(.function(1), .control)), ("KEY_F(49)", Key(.function(1), .alt)),
        ("KEY_BTAB", Key(.tab, .shift)), ("KEY_SLEFT", Key(.left, .shift)),
        ("KEY_SR", Key(.up, .shift)), ("kUP", Key(.up, .shift)), ("kLFT5", Key(.left, .control)),
        ("kRIT3", Key(.right, .alt)), ("kDC5", Key(.delete, .control)),
        ("kHOM6", Key(.home, [.control, .shift])), ("kEND8", Key(.end, [.control, .alt, .shift])),
        ("kPRV7", Key(.pageUp, [.control, .alt])), ("kNXT4", Key(.pageDown, [.alt, .shift])),
        ("KEY_DC", Key(.delete)), ("KEY_BACKSPACE", Key(.backspace)), ("KEY_ENTER", Key(.enter)),
    ])
    func `names of terminfo are keys`(name: String, key: Key) {
        #expect(KeyNames.key(name) == key)
    }

    @Test(arguments: [
        "", "KEY_RESIZE", "KEY_MOUSE", "KEY_F(0)", "KEY_F(64)", "KEY_F(", "kLFT9", "kxIN",
        "kLFTx",
    ])
    func `other names are none`(name: String) {
        #expect(KeyNames.key(name) == nil)
    }
}
