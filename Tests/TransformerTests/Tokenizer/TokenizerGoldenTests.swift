import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct TokenizerGoldenTests {
    @Test(arguments: TokenizerCase.with("encodings.jsonl"))
    func `encodings are the library's`(_ folder: TokenizerCase) throws {
        let tokenizer = try folder.tokenizer()
        let manifest = try JSONDocument(
            [UInt8](Data(contentsOf: folder.directory.appending(path: "manifest.json")))
        ).root
        let prefix = try manifest.tokens("add_special_prefix") ?? []
        for line in try folder.lines("encodings.jsonl") {
            let text = try #require(try line.text("text"))
            let ids = try #require(try line.tokens("ids"))
            let parsed = tokenizer.encode(text, special: .parse, addSpecial: false)
            #expect(parsed == ids, "\(text.debugDescription)")
            let asText = try line.tokens("ids_special_as_text") ?? ids
            #expect(
                tokenizer.encode(text, special: .text, addSpecial: false) == asText,
                "\(text.debugDescription)")
            #expect(
                tokenizer.encode(text, special: .parse, addSpecial: true) == prefix + ids,
                "\(text.debugDescription)")
        }
    }

    @Test(arguments: TokenizerCase.with("encodings.jsonl"))
    func `encodings decode to the text`(_ folder: TokenizerCase) throws {
        let tokenizer = try folder.tokenizer()
        for line in try folder.lines("encodings.jsonl") {
            let text = try #require(try line.text("text"))
            let decoded = tokenizer.decode(try line.tokens("ids") ?? [], skipSpecial: false)
            #expect(
                isSame(decoded, try line.text("decoded") ?? text),
                "\(text.debugDescription) → \(decoded.debugDescription)")
        }
    }

    @Test(arguments: TokenizerCase.with("encodings.jsonl"))
    func `text is cut into the library's words`(_ folder: TokenizerCase) throws {
        guard let tokenizer = try folder.tokenizer() as? BPETokenizer,
            case .byteLevel(let pattern, let isolatesDigits) = tokenizer.preTokenizer
        else { return }
        for line in try folder.lines("encodings.jsonl") {
            guard let expected = try line.texts("pieces") else { continue }
            var pieces: [String] = []
            let normal = tokenizer.normalizer.normalized(try line.required("text").string())
            Array(normal.utf8).withUnsafeBufferPointer { bytes in
                PreTokenizer.forEachWord(
                    in: bytes, pattern: pattern, isolatesDigits: isolatesDigits
                ) { pieces.append(String(decoding: $0, as: UTF8.self)) }
            }
            #expect(pieces.count == expected.count && zip(pieces, expected).allSatisfy(isSame))
        }
    }

    @Test(arguments: TokenizerCase.with("decode.jsonl"))
    func `tokens decode and stream as recorded`(_ folder: TokenizerCase) throws {
        let tokenizer = try folder.tokenizer()
        for line in try folder.lines("decode.jsonl") {
            let ids = try #require(try line.tokens("ids"))
            let bytes = ids.flatMap { tokenizer.bytes(of: $0) }
            let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(hex == (try line.text("bytes_hex")))

            var decoder = StreamingDecoder(tokenizer, skipSpecial: false)
            let pieces = ids.map { decoder.append($0) }
            let expected = try line.texts("pieces") ?? []
            #expect(
                pieces.count == expected.count && zip(pieces, expected).allSatisfy(isSame),
                "\(ids) → \(pieces)")
            #expect(isSame(decoder.finish(), try line.text("rest")))
            #expect(isSame(tokenizer.decode(ids, skipSpecial: false), try line.text("text")))
            // The library turns each byte of an invalid run into U+FFFD; there it is no reference.
            if try line.member("text_hf") == nil {
                #expect(
                    isSame(
                        tokenizer.decode(ids, skipSpecial: true),
                        try line.text("text_skip_special")))
            }
        }
    }
}
