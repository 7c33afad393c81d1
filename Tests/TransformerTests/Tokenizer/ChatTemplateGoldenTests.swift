import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct ChatTemplateGoldenTests {
    /// The template that a line was rendered with.
    func template(for line: JSONValue, in folder: TokenizerCase) throws -> ChatTemplate {
        let date = try line.text("date_string") ?? ChatTemplate.usualDate
        let file = try line.text("template") ?? "chat_template.jinja"
        if file == "chat_template.jinja" {
            return try ChatTemplate(directory: folder.directory, date: date)
        }
        let url = folder.directory.appending(path: file)
        let manifest = try JSONDocument(
            [UInt8](Data(contentsOf: folder.directory.appending(path: "manifest.json")))
        ).root
        return try ChatTemplate(
            text: String(contentsOf: url, encoding: .utf8), bosToken: manifest.text("bos_token"),
            eosToken: manifest.text("eos_token"), date: date)
    }

    func messages(_ line: JSONValue) throws -> [ChatMessage] {
        try line.required("messages").elements().map { message in
            let role = try message.required("role").string()
            return ChatMessage(
                try #require(ChatMessage.Role(rawValue: role)),
                try message.required("content").string())
        }
    }

    @Test(arguments: TokenizerCase.with("chats.jsonl"))
    func `chats are rendered as the library renders them`(_ folder: TokenizerCase) throws {
        let tokenizer = try folder.tokenizer()
        for line in try folder.lines("chats.jsonl") {
            let name = try line.text("name") ?? ""
            let template = try template(for: line, in: folder)
            let messages = try messages(line)
            let generationPrompt = try line.required("add_generation_prompt").boolean()
            let given = try line.member("enable_thinking")
            let thinking = try given.flatMap { try $0.isNull ? nil : $0.boolean() }
            let text = { () throws(ChatTemplateError) in
                try template.text(
                    of: messages, generationPrompt: generationPrompt, thinking: thinking)
            }
            if try line.member("error") != nil {
                #expect(throws: ChatTemplateError.self, "\(name)") { try text() }
                continue
            }
            let rendered = try text()
            #expect(isSame(rendered, try line.text("text")), "\(name): \(rendered)")
            let tokens = { (special: SpecialText) in
                try template.tokens(
                    of: messages, generationPrompt: generationPrompt, thinking: thinking,
                    special: special, using: tokenizer)
            }
            let ids = try line.tokens("ids")
            #expect(try tokens(.parse) == ids, "\(name)")
            // Qwen3's own rendering by parts is another file's subject.
            guard folder.path != "tokenizer" else { continue }
            #expect(try tokens(.text) == line.tokens("ids_special_as_text") ?? ids, "\(name)")
        }
    }

    @Test(arguments: TokenizerCase.with("train.jsonl"))
    func `examples have the recorded tokens and weights`(_ folder: TokenizerCase) throws {
        let tokenizer = try folder.tokenizer()
        for line in try folder.lines("train.jsonl") {
            let name = try line.text("name") ?? ""
            let template = try template(for: line, in: folder)
            let messages = try messages(line)
            let prompt = messages.last?.role == .assistant ? messages.dropLast() : messages[...]
            #expect(
                try template.tokens(
                    of: Array(prompt), generationPrompt: true, thinking: false, using: tokenizer)
                    == line.tokens("prompt_ids"), "\(name)")
            if try line.member("refused") != nil {
                #expect(throws: ChatTemplateError.self, "\(name)") {
                    try template.example(messages, using: tokenizer)
                }
                continue
            }
            let example = try template.example(messages, using: tokenizer)
            #expect(example.tokens == (try line.tokens("ids")), "\(name)")
            #expect(example.responseStart == (try line.required("response_start").integer()))
            let weights = try line.required("weights").elements().map { try $0.number() }
            #expect(example.weights.map(Double.init) == weights, "\(name)")
            guard let student = try line.tokens("student_ids") else { continue }
            let turns = Array(messages.dropFirst().dropLast())
            let context = try template.context(system: .none, turns: turns, using: tokenizer)
            let response = example.tokens[example.responseStart...]
            #expect(context + response == student, "\(name)")
        }
    }

    @Test(arguments: Golden.cases(in: "models", containing: "tokenizer.json"))
    func `a checkpoint's chats have its recorded tokens`(_ name: String) throws {
        let directory = Golden.url("models/\(name)")
        let tokenizer = try TokenizerFile(directory: directory).tokenizer
        let template = try ChatTemplate(directory: directory)
        let read = { (file: String) in
            [UInt8](try Data(contentsOf: directory.appending(path: file)))
        }
        let manifest = try JSONDocument(read("manifest.json")).root
        try tokenizer.requireFit(rowCount: manifest.required("tokenizer_size").integer())
        let expected = try read("expected.safetensors")
        let size = expected[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONDocument(Array(expected[8..<(8 + size)])).root
        for sequence in try manifest.required("sequences").elements() {
            guard try sequence.member("messages") != nil else { continue }
            let index = try sequence.required("index").integer()
            let offsets = try header.required("seq\(index).ids").required("data_offsets").elements()
                .map { 8 + size + (try $0.integer()) }
            let bytes = Array(expected[offsets[0]..<offsets[1]])
            let ids = stride(from: 0, to: bytes.count, by: 4).map { start in
                TokenID(bytes[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | Int($1) })
            }
            #expect(
                try template.tokens(
                    of: messages(sequence), generationPrompt: true, thinking: false,
                    special: .parse, using: tokenizer) == ids)
            #expect(
                try template.tokens(
                    of: messages(sequence), generationPrompt: true, thinking: false,
                    using: tokenizer) == ids)
        }
    }
}
