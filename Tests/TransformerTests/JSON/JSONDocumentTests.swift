import Testing

@testable import Transformer

@Suite struct JSONDocumentTests {
    func parse(_ text: String) throws(JSONError) -> JSONValue {
        try JSONDocument(Array(text.utf8)).root
    }

    @Test func `values keep their order and kinds`() throws {
        let root = try parse(#" {"a": [1, -2.5e1, "x\n\u00e9\ud83d\ude00"], "b": {}, "c": null} "#)
        #expect(try root.members().map { try $0.key.string() } == ["a", "b", "c"])
        let values = Array(try root.required("a").elements())
        #expect(try values[0].integer() == 1)
        #expect(try values[1].number() == -25)
        #expect(try values[2].string() == "x\né😀")
        #expect(try Array(root.required("b").members()).isEmpty)
        #expect(try root.required("c").isNull)
        #expect(try root.member("d") == nil)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
        "{1:2}", "01", "-", "1.", "1e", ".5", "+1", "nul", "truex", "\"", "\"\\", "\"\\u12",
        #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\x""#, "\"\n\"", "[1] 2", "[1}", "{]",
        "]", "NaN", "'a'", "[1 2]", #"{"a":1 "b":2}"#, "\u{FEFF}1", #""\uD8é0""#, "/**/1",
    ]) func `broken text is refused`(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func `every prefix of a text is refused`() {
        let text = Array(#"{"a":[true,"\u00e9",{"b":null}],"c":-1.5e+3}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONDocument(Array(text[..<count])) }
        }
        #expect(throws: Never.self) { try JSONDocument(text) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        let broken: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xE4, 0xBD],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ]
        for bytes in broken {
            #expect(throws: JSONError.syntax(expected: "valid UTF-8", offset: 1)) {
                try JSONDocument([0x22] + bytes + [0x22])
            }
        }
    }

    @Test func `nesting is limited, not a crash`() {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONError.tooDeep(limit: 64, offset: 64)) { try parse(deep) }
    }

    @Test func `more values and keys than allowed are refused`() throws {
        let text = Array(#"{"a":[1,2]}"#.utf8)
        #expect(try JSONDocument(text, maximumCount: 5).nodes.count == 5)
        #expect(throws: JSONError.tooMany(limit: 4)) { try JSONDocument(text, maximumCount: 4) }
    }

    @Test func `duplicate keys are visible and ambiguous`() throws {
        let root = try parse(#"{"a":1,"\u0061":2}"#)
        #expect(try Array(root.members()).count == 2)
        #expect(throws: JSONError.duplicateKey("a", offset: 0)) { try root.member("a") }
    }

    @Test func `keys are compared by scalar`() throws {
        let root = try parse("{\"e\u{301}\":1,\"\u{E9}\":2}")
        #expect(try root.required("\u{E9}").integer() == 2)
    }

    @Test func `integers are exact up to two to the fifty-third`() throws {
        #expect(try parse("9007199254740992").integer() == 1 << 53)
        #expect(try parse("-9007199254740992").integer() == -(1 << 53))
        for text in ["9007199254740993", "123456789012345678901234567890", "1.0", "1e3"] {
            #expect(throws: JSONError.unfitNumber(text, offset: 0)) { try parse(text).integer() }
        }
        #expect(throws: JSONError.unfitNumber("1e999", offset: 0)) { try parse("1e999").number() }
    }

    @Test func `a value of another kind is named`() throws {
        let root = try parse("[1]")
        #expect(throws: JSONError.wrongKind(expected: .object, found: .array, offset: 0)) {
            try root.member("a")
        }
    }
}
