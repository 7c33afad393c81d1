import Foundation
import TestSupport
import Testing

@testable import Baking

@Suite struct PromptTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a prompt is its file's text and is named after the file`() throws {
        let prompt = try Prompt(file: try directory.file("pirate.md", "Talk like a pirate.\n"))
        #expect(prompt.text == "Talk like a pirate.\n")
        #expect(prompt.name == "pirate")
        // sha256sum of these bytes.
        #expect(prompt.hash.count == 64)
        #expect(
            try Prompt(text: "abc").hash
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `a byte order mark is no part of the prompt`() throws {
        let prompt = try Prompt(file: try directory.file("p.md", "\u{FEFF}Arr"))
        #expect(prompt.text == "Arr")
    }

    @Test(arguments: ["", "  \n\t\u{A0}"]) func `an empty prompt is refused`(text: String) throws {
        let file = try directory.file("p.md", text)
        #expect(throws: PromptError.empty(path: file.path)) { try Prompt(file: file) }
    }

    @Test func `a huge prompt is refused`() throws {
        let file = try directory.file("p.md", String(repeating: "a", count: 1_000_001))
        #expect(throws: PromptError.tooLarge(path: file.path, byteCount: nil)) {
            try Prompt(file: file)
        }
    }

    @Test func `a prompt that is not UTF-8 is refused with the place`() throws {
        let file = directory.url.appending(path: "p.md")
        try Data([0x61, 0xC3, 0xA4, 0xFF, 0x62]).write(to: file)
        #expect(throws: PromptError.notUTF8(path: file.path, offset: 3)) { try Prompt(file: file) }
    }

    @Test func `a missing prompt and a directory are told apart from an empty one`() throws {
        #expect(throws: PromptError.self) {
            try Prompt(file: directory.url.appending(path: "none.md"))
        }
        #expect(throws: PromptError.self) { try Prompt(file: directory.url) }
    }
}
