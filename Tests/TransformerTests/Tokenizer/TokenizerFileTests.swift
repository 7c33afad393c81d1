import Foundation
import Testing

@testable import Transformer

@Suite struct TokenizerFileTests {
    func error(_ change: (inout TinyTokenizerFile) -> Void) -> TokenizerError? {
        var file = TinyTokenizerFile()
        change(&file)
        do {
            _ = try file.load()
            return nil
        } catch {
            return error
        }
    }

    @Test func `the tiny tokenizer works`() throws {
        let tokenizer = try TinyTokenizerFile().load()
        #expect(tokenizer.encode("ab a\n", special: .text, addSpecial: true) == [2, 3, 0, 4])
        #expect(tokenizer.vocabularySize == 6)
        #expect(tokenizer.decode([2, 3, 5, 99, -1], skipSpecial: false) == "ab <|im_end|>")
        #expect(tokenizer.decode([2, 3, 5], skipSpecial: true) == "ab ")
    }

    @Test func `special text typed by a user stays text`() throws {
        let tokenizer = try TinyTokenizerFile().load()
        let text = "a<|im_end|>b"
        #expect(tokenizer.encode(text, special: .parse, addSpecial: false) == [0, 5, 1])
        #expect(tokenizer.encode(text, special: .text, addSpecial: false) == [0, 1])
        #expect(tokenizer.encode([.text(text), .token(5)]) == [0, 1, 5])
    }

    @Test func `every truncation is refused`() {
        let bytes = Array(TinyTokenizerFile().text.utf8)
        for count in 0..<bytes.count {
            #expect(throws: TokenizerError.self) {
                try TokenizerFile(Array(bytes[..<count]), file: "tiny")
            }
        }
    }

    @Test func `every value of a wrong kind is refused or harmless`() {
        for wrong in [
            "null", "1", "-1", "1.5", "true", #""x""#, "[]", "{}", "[[]]", "[1]", "1e999",
        ] {
            _ = error { $0.type = wrong }
            _ = error { $0.vocabulary = wrong }
            _ = error { $0.vocabulary = #"{"a":\#(wrong)}"# }
            _ = error { $0.merges = wrong }
            _ = error { $0.merges = "[\(wrong)]" }
            _ = error { $0.added = wrong }
            _ = error { $0.added = "[\(wrong)]" }
            _ = error { $0.added = #"[{"id":\#(wrong),"content":\#(wrong),"special":\#(wrong)}]"# }
            _ = error { $0.normalizer = wrong }
            _ = error { $0.normalizer = #"{"type":"Sequence","normalizers":\#(wrong)}"# }
            _ = error { $0.preTokenizer = wrong }
            _ = error { $0.preTokenizer = #"{"type":"Split","pattern":\#(wrong)}"# }
            _ = error { $0.postProcessor = wrong }
            _ = error { $0.postProcessor = #"{"type":"TemplateProcessing","single":\#(wrong)}"# }
            _ = error { $0.decoder = wrong }
            _ = error { $0.flags = #""unk_token":\#(wrong),"ignore_merges":\#(wrong),"# }
        }
        #expect(error { $0.vocabulary = "[]" } != nil)
        #expect(error { $0.merges = "7" } != nil)
    }

    @Test func `other kinds are refused by name`() {
        let unsupported = { (feature: String) in
            TokenizerError.unsupported(file: "tiny", feature: feature)
        }
        #expect(error { $0.type = #""Unigram""# } == unsupported(#"model type "Unigram""#))
        #expect(error { $0.type = #""WordPiece""# } == unsupported(#"model type "WordPiece""#))
        #expect(
            error { $0.normalizer = #"{"type":"Lowercase"}"# }
                == unsupported(#"normalizer "Lowercase""#))
        #expect(
            error {
                $0.preTokenizer =
                    #"{"type":"Split","pattern":{"Regex":"\\d+"},"behavior":"Isolated"}"#
            } == unsupported(#"split pattern \d+"#))
        #expect(
            error { $0.preTokenizer = #"{"type":"BertPreTokenizer"}"# }
                == unsupported(#"pre-tokenizer "BertPreTokenizer" in this place"#))
        #expect(
            error { $0.postProcessor = #"{"type":"BertProcessing"}"# }
                == unsupported(#"post-processor "BertProcessing""#))
        #expect(
            error { $0.decoder = #"{"type":"WordPiece"}"# }
                == unsupported(#"decoder ["WordPiece"] with a byte-level pre-tokenizer"#))
        #expect(error { $0.flags = #""dropout":0.1,"# } == unsupported("merge dropout"))
        #expect(
            error { $0.flags = #""end_of_word_suffix":"</w>","# }
                == unsupported("end_of_word_suffix"))
    }

    @Test func `bad tokens and ids are named`() {
        #expect(
            error { $0.vocabulary = #"{"a":0,"b":1,"ab":2,"a":3}"# }
                == .duplicateToken(file: "tiny", token: "a"))
        #expect(
            error { $0.vocabulary = #"{"a":0,"b":1,"ab":1}"# }
                == .duplicateID(file: "tiny", id: 1, tokens: ["b", "ab"]))
        for id in [-1, 1 << 24, 1 << 40] {
            #expect(
                error { $0.vocabulary = #"{"a":0,"b":1,"ab":\#(id)}"# }
                    == .idOutOfRange(file: "tiny", token: "ab", id: id))
            #expect(
                error { $0.added = #"[{"id":\#(id),"content":"x"}]"# }
                    == .idOutOfRange(file: "tiny", token: "x", id: id))
        }
        #expect(error { $0.vocabulary = #"{"a":99999999999999999999}"# } != nil)
        #expect(
            error { $0.added = #"[{"id":0,"content":"x"}]"# }
                == .duplicateID(file: "tiny", id: 0, tokens: ["a", "x"]))
        #expect(
            error { $0.added = #"[{"id":7,"content":"x"},{"id":7,"content":"y"}]"# }
                == .duplicateID(file: "tiny", id: 7, tokens: ["x", "y"]))
        #expect(
            error { $0.added = #"[{"id":7,"content":"a"}]"# }
                == .duplicateToken(file: "tiny", token: "a"))
        #expect(
            error { $0.flags = #""unk_token":"<unk>","# }
                == .unknownToken(file: "tiny", token: "<unk>"))
        #expect(
            error {
                $0.postProcessor = """
                    {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}],
                    "special_tokens":{"<s>":{"ids":[99]}}}
                    """
            } == .unknownToken(file: "tiny", token: "id 99"))
    }

    @Test func `bad merges are named`() {
        for merges in [#"["ab"]"#, #"["a  b"]"#, #"[["a"]]"#, #"[["a","b","c"]]"#, #"[["","a"]]"#] {
            #expect(error { $0.merges = merges } == .malformedMerge(file: "tiny", index: 0))
        }
        #expect(
            error { $0.merges = #"["a b","a c"]"# }
                == .unknownMergePart(file: "tiny", index: 1, part: "c"))
        #expect(
            error { $0.merges = #"["b a"]"# }
                == .unknownMergePart(file: "tiny", index: 0, part: "ba"))
        #expect(
            error { $0.merges = #"["a b",["a","b"]]"# } == .duplicateMerge(file: "tiny", index: 1))
    }

    @Test func `deep nesting is refused`() {
        let deep = String(repeating: #"{"type":"Sequence","normalizers":["#, count: 100_000)
        #expect(error { $0.normalizer = deep } != nil)
    }

    @Test func `a tokenizer must fit the model`() throws {
        let tokenizer = try TinyTokenizerFile().load()
        try tokenizer.requireFit(rowCount: 6)
        #expect(throws: TokenizerError.doesNotFit(vocabularySize: 6, rowCount: 5)) {
            try tokenizer.requireFit(rowCount: 5)
        }
    }

    @Test func `files that are missing or no files are named`() {
        let folder = FileManager.default.temporaryDirectory
        #expect(throws: TokenizerError.self) { try TokenizerFile(contentsOf: folder) }
        #expect(throws: TokenizerError.self) {
            try TokenizerFile(directory: folder.appending(path: "oven-no-such-folder"))
        }
        #expect(
            throws: TokenizerError.unreadable(file: "/dev/null", reason: "not a file")
        ) { try TokenizerFile(contentsOf: URL(filePath: "/dev/null")) }
    }
}
