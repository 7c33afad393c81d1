public import Foundation

extension ChatTemplate {
    /// Recognises the template of the model in `directory`.
    ///
    /// `chat_template.jinja` wins over the entry in `tokenizer_config.json`; of several named there
    /// `default` is taken. Stop tokens come from `tokenizer_config.json` and
    /// `generation_config.json`, where they exist.
    ///
    /// - Parameter date: What a template that writes a date takes for today.
    /// - Throws: ``ChatTemplateError`` when there is no template, or none that is known.
    public init(
        directory: URL, date: String = usualDate
    ) throws(ChatTemplateError) {
        let configuration = try Self.document("tokenizer_config.json", in: directory)
        let generation = try Self.document("generation_config.json", in: directory)
        let jinja = directory.appending(path: "chat_template.jinja")
        let text: String?
        if FileManager.default.fileExists(atPath: jinja.path) {
            let bytes = try Self.bytes(of: jinja)
            guard let valid = String(validating: bytes, as: UTF8.self) else {
                throw .malformed(file: jinja.path, reason: "not UTF-8")
            }
            text = valid
        } else {
            text = try Self.read("tokenizer_config.json", in: directory) { () throws in
                try configuration.flatMap { try Self.template(in: $0) }
            }
        }
        guard let text else { throw .noTemplate(directory: directory.path) }
        let (bos, eos) = try Self.read("tokenizer_config.json", in: directory) { () throws in
            (
                try configuration.flatMap { try Self.tokenText("bos_token", in: $0) },
                try configuration.flatMap { try Self.tokenText("eos_token", in: $0) }
            )
        }
        try self.init(text: text, bosToken: bos, eosToken: eos, date: date)
        stopIDs = try Self.read("generation_config.json", in: directory) { () throws in
            try generation.map { try Self.stopIDs(in: $0) } ?? []
        }
    }

    /// The file's outermost value, `nil` if there is no such file.
    private static func document(
        _ name: String, in directory: URL
    ) throws(ChatTemplateError) -> JSONValue? {
        let file = directory.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let bytes = try bytes(of: file)
        return try read(name, in: directory) { () throws in try JSONDocument(bytes).root }
    }

    private static func bytes(of file: URL) throws(ChatTemplateError) -> [UInt8] {
        do {
            return try FileBytes.contents(of: file.path)
        } catch {
            throw .unreadable(file: file.path, reason: error.reason)
        }
    }

    /// Runs `body`, naming the file in whatever it throws.
    private static func read<Value>(
        _ name: String, in directory: URL, _ body: () throws -> Value
    ) throws(ChatTemplateError) -> Value {
        do {
            return try body()
        } catch let error as ChatTemplateError {
            throw error
        } catch {
            let file = directory.appending(path: name).path
            throw .malformed(file: file, reason: "\(error)")
        }
    }

    private static func template(in configuration: JSONValue) throws -> String? {
        guard let entry = try configuration.member("chat_template"), !entry.isNull else {
            return nil
        }
        guard entry.kind == .array else { return try entry.string() }
        var names: [String] = []
        for template in try entry.elements() {
            names.append(try template.required("name").string())
            if names.last == "default" { return try template.required("template").string() }
        }
        throw ChatTemplateError.unsupported(
            feature: "no template named default, only \(names.joined(separator: ", "))")
    }

    /// A token's text, which stands alone or inside an object.
    private static func tokenText(_ key: String, in configuration: JSONValue) throws -> String? {
        guard let entry = try configuration.member(key), !entry.isNull else { return nil }
        return entry.kind == .object
            ? try entry.required("content").string() : try entry.string()
    }

    private static func stopIDs(in configuration: JSONValue) throws -> [TokenID] {
        guard let entry = try configuration.member("eos_token_id"), !entry.isNull else { return [] }
        let entries = entry.kind == .array ? Array(try entry.elements()) : [entry]
        return try entries.map { entry in
            guard let id = Int32(exactly: try entry.integer()), id >= 0 else {
                throw JSONError.unfitNumber("\(try entry.integer())", offset: entry.offset)
            }
            return TokenID(rawValue: id)
        }
    }
}
