import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct ChatTemplateTests {
    static let chatML = """
        {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + \
        message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}\
        {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
        """
    static let withDefault = """
        {% if messages[0].role != "system" %}{{ "<|im_start|>system\\nIt's a test.<|im_end|>\\n" }}\
        {% endif %}
        """ + chatML
    /// The embedded model's: the think block is always written, and only behind the last question.
    static let emptyThink = """
        {%- set ns = namespace(last=-1) %}{%- for m in messages %}{% if m.role == 'user' %}\
        {% set ns.last = loop.index0 %}{% endif %}{% endfor %}
        {%- for m in messages %}{%- if m.role == 'assistant' %}
        {%- set content = m.content.split('</think>')[-1].lstrip('\\n') %}
        {%- if loop.index0 > ns.last %}
        {{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' + content + '<|im_end|>\\n' }}
        {%- else %}{{- '<|im_start|>assistant\\n' + content + '<|im_end|>\\n' }}{%- endif %}
        {%- else %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endif %}
        {%- endfor %}{%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}{%- endif %}
        """
    static let llama = """
        {{- bos_token }}{%- if messages[0].role == 'system' %}{%- set rules = \
        messages[0].content | trim %}{%- endif %}{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
        {{- "Cutting Knowledge Date: December 2023\\n" }}{{- "Today Date: " + date_string + "\\n\\n" }}
        {{- rules }}{{- "<|eot_id|>" }}{%- for m in messages %}{{- '<|start_header_id|>' + m.role + \
        '<|end_header_id|>\\n\\n' + m.content | trim + '<|eot_id|>' }}{%- endfor %}
        {%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}\
        {%- endif %}
        """

    func template(_ text: String, date: String = ChatTemplate.usualDate) throws -> ChatTemplate {
        try ChatTemplate(text: text, bosToken: "<s>", eosToken: "</s>", date: date)
    }

    /// A tokenizer of single bytes with the markers that templates need.
    static func tokenizer() throws -> any Tokenizer {
        var file = TinyTokenizerFile()
        let entries = ByteAlphabet.scalars.enumerated().map { index, scalar in
            "\"\(scalar == "\"" || scalar == "\\" ? "\\" : "")\(scalar)\":\(index)"
        }
        file.vocabulary = "{\(entries.joined(separator: ","))}"
        file.merges = "[]"
        let markers = [
            "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>",
            "<|end_header_id|>", "<|eot_id|>", "<think>", "</think>",
        ]
        file.added =
            "["
            + markers.enumerated().map { #"{"id":\#(256 + $0),"content":"\#($1)","special":true}"# }
            .joined(separator: ",") + "]"
        return try file.load()
    }

    @Test func `an empty think block belongs to the last reply and to the prompt`() throws {
        let template = try template(Self.emptyThink)
        #expect(template.name == "chatml-empty-think")
        let history = [
            ChatMessage(.user, "a"), ChatMessage(.assistant, "<think>\nx\n</think>\n\nb"),
            ChatMessage(.user, "c"),
        ]
        let before = """
            <|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>
            <|im_start|>user\nc<|im_end|>\n
            """
        let reply = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
        #expect(try template.text(of: history, generationPrompt: true) == before + reply)
        #expect(
            try template.text(
                of: history + [ChatMessage(.assistant, "d")], generationPrompt: false)
                == before + reply + "d<|im_end|>\n")
        #expect(throws: ChatTemplateError.cannotThink) {
            try template.context(
                system: .none, turns: history, thinking: true, using: Self.tokenizer())
        }
    }

    @Test func `a context says what stands before the first turn`() throws {
        let template = try template(Self.withDefault)
        let tokenizer = try Self.tokenizer()
        let turns = [ChatMessage(.user, "x")]
        let text = { (system: SystemText) in
            tokenizer.decode(
                try template.context(system: system, turns: turns, using: tokenizer),
                skipSpecial: false)
        }
        let question = "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n"
        let block = { (text: String) in "<|im_start|>system\n\(text)<|im_end|>\n" }
        #expect(try text(.none) == question)
        #expect(try text(.templateDefault) == block("It's a test.") + question)
        #expect(try text(.text("")) == block("") + question)
        #expect(try text(.text("s")) == block("s") + question)
        #expect(throws: ChatTemplateError.lastIsNotUser) {
            try template.context(system: .none, turns: [], using: tokenizer)
        }
    }

    @Test func `markers typed by a user stay text in a context`() throws {
        let tokenizer = try Self.tokenizer()
        let turns = [ChatMessage(.user, "<|im_end|>")]
        let tokens = try template(Self.chatML).context(
            system: .none, turns: turns, using: tokenizer)
        let end = try #require(tokenizer.token(named: "<|im_end|>"))
        #expect(tokens.count { $0 == end } == 1)
        #expect(
            tokenizer.decode(tokens, skipSpecial: false)
                == "<|im_start|>user\n<|im_end|><|im_end|>\n<|im_start|>assistant\n")
    }

    @Test func `an example is its context, the reply and the end of the turn`() throws {
        let tokenizer = try Self.tokenizer()
        for text in [Self.chatML, Self.withDefault, Self.emptyThink, Self.llama] {
            let template = try template(text)
            let turns = [ChatMessage(.user, "a"), ChatMessage(.assistant, "b")]
            let example = try template.example(turns, using: tokenizer)
            #expect(
                Array(example.tokens[..<example.responseStart])
                    == (try template.context(
                        system: .templateDefault, turns: [turns[0]], using: tokenizer)))
            #expect(
                Array(example.tokens[example.responseStart...])
                    == [98, try template.endOfTurn(using: tokenizer)])
        }
    }

    @Test func `a date is fixed and part of the identity`() throws {
        let usual = try template(Self.llama)
        let other = try template(Self.llama, date: "03 Nov 2026")
        #expect(usual.date == "26 Jul 2024")
        #expect(usual.identity != other.identity)
        #expect(other.identity.hasPrefix("llama3.1/03 Nov 2026/"))
        let text = try other.text(of: [ChatMessage(.user, "x")], generationPrompt: false)
        #expect(text.contains("Today Date: 03 Nov 2026\n\n<|eot_id|>"))
        #expect(try template(Self.chatML).identity != template(Self.chatML + " ").identity)
    }

    @Test(arguments: [
        ("", "none of the markers"),
        ("{{ bos_token + '<start_of_turn>user' }}", "Gemma"),
        ("{{ '[INST] <<SYS>>' }}", "Llama 2"),
        (chatML + "{{ '[INST]' }}", "at once"),
        (chatML.replacing("<|im_end|>' + '\\n'", with: "<|im_end|>'"), "line end"),
        (chatML.replacing("message['content']", with: "message['content'] | trim"), "trimmed"),
        (chatML.replacing("'<|im_start|>assistant", with: "'<|im_start|>model"), "generation"),
        ("{{ bos_token }}" + chatML, "begin token"),
        (chatML.replacing("assistant\\n'", with: "assistant\\n<think>\\n'"), "always opens"),
        (emptyThink.replacing("loop.index0 > ns.last", with: "true"), "last question"),
        (llama.replacing("| trim", with: ""), "trimming"),
        (llama.replacing("{{- bos_token }}", with: ""), "begin token"),
        (llama.replacing("December 2023", with: "May 2025"), "knowledge date"),
        ("{{ bos_token }}{{ '[INST] ' + m.content + ' [/INST]' }}", "reply"),
        (
            "{{ bos_token }}{{ '[INST] ' + m.content + '[/INST]' }}{{ m.content + eos_token }}"
                + "{{ m.role == 'system' }}", "unknown place"
        ),
        (
            "{{ bos_token }}{{ '[INST] ' + a + '[/INST]' }}{{ '[INST]' + b + '[/INST]' }}",
            "[INST] written"
        ),
        (
            "{%- set default_system_message = today %}{{ bos_token + '[SYSTEM_PROMPT]' + s + "
                + "'[/SYSTEM_PROMPT]' }}{{ '[INST]' + u + '[/INST]' }}{{ m.content + eos_token }}",
            "default system text"
        ),
    ]) func `a template that is not known is refused with the reason`(
        text: String, reason: String
    ) throws {
        do {
            _ = try template(text)
            Issue.record("accepted: \(text)")
        } catch {
            #expect("\(error)".contains(reason), "\(error)")
        }
    }

    @Test func `a missing token is named`() throws {
        let tokenizer = try TinyTokenizerFile().load()
        #expect(throws: ChatTemplateError.missingToken("<|im_start|>")) {
            try template(Self.chatML).context(
                system: .none, turns: [ChatMessage(.user, "a")], using: tokenizer)
        }
    }

    @Test func `the template's own file wins and every stop token counts`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let write = { (name: String, text: String) in
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        #expect(throws: ChatTemplateError.noTemplate(directory: folder.path)) {
            try ChatTemplate(directory: folder)
        }
        try write(
            "tokenizer_config.json",
            #"{"eos_token":{"content":"</s>"},"chat_template":[{"name":"tools","template":""}]}"#)
        #expect(
            throws: ChatTemplateError.unsupported(
                feature: "no template named default, only tools")
        ) { try ChatTemplate(directory: folder) }
        try write("chat_template.jinja", Self.chatML)
        try write("generation_config.json", #"{"eos_token_id":[259,7]}"#)
        let template = try ChatTemplate(directory: folder)
        #expect(template.name == "chatml")
        #expect(try template.stopTokens(using: Self.tokenizer()) == [259, 257, 7])
        for broken in [#"{"eos_token_id":-1}"#, #"{"eos_token_id":"x"}"#, "["] {
            try write("generation_config.json", broken)
            #expect(throws: ChatTemplateError.self) { try ChatTemplate(directory: folder) }
        }
    }

    @Test func `a reply keeps its words when it is decoded on its own`() throws {
        var file = TinyTokenizerFile()
        file.vocabulary = #"{"<unk>":0,"▁":1,"a":2,"▁a":3}"#
        file.merges = #"["▁ a"]"#
        file.added = "[]"
        file.preTokenizer =
            #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}"#
        file.decoder = """
            {"type":"Sequence","decoders":[
            {"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
            {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """
        let tokenizer = try file.load()
        #expect(tokenizer.encode("a a", special: .text, addSpecial: false) == [3, 3])
        #expect(tokenizer.decode([3, 3], skipSpecial: true) == "a a")
        var decoder = StreamingDecoder(tokenizer, skipSpecial: true)
        #expect([3, 3].map { decoder.append($0) } == ["a", " a"])
    }
}
