/// Reads the parts of a `tokenizer.json` that say what happens around merging.
struct TokenizerPipeline {
    let file: String

    private func unsupported(_ feature: String) -> TokenizerError {
        .unsupported(file: file, feature: feature)
    }

    /// The steps of a part: none, one, or those of a `Sequence` (not of one inside another).
    private func steps(
        _ part: JSONValue?, _ key: String
    ) throws -> [(type: String, value: JSONValue)] {
        guard let part, !part.isNull else { return [] }
        let type = try part.required("type").string()
        guard type == "Sequence" else { return [(type, part)] }
        return try part.required(key).elements().map { ($0, try $0.required("type").string()) }
            .map { ($1, $0) }
    }

    /// The step of `normalizer`.
    func normalizer(_ part: JSONValue?) throws -> TextNormalizer {
        var normalizer = TextNormalizer()
        for (type, step) in try steps(part, "normalizers") {
            switch type {
            case "NFC": normalizer.steps.append(.composed)
            case "Prepend":
                normalizer.steps.append(.prepend(try step.required("prepend").string()))
            case "Replace":
                let (old, new) = try replacement(step, in: "normalizer")
                normalizer.steps.append(.replace(old, with: new))
            default: throw unsupported("normalizer \"\(type)\"")
            }
        }
        return normalizer
    }

    private func replacement(_ step: JSONValue, in part: String) throws -> (String, String) {
        guard let pattern = try step.required("pattern").member("String") else {
            throw unsupported("\(part) \"Replace\" by a regular expression")
        }
        return (try pattern.string(), try step.required("content").string())
    }

    /// How `pre_tokenizer` cuts text.
    func preTokenizer(_ part: JSONValue?) throws -> PreTokenizer {
        let steps = try steps(part, "pretokenizers")
        if steps.isEmpty { return .whole }
        if steps.count == 1, steps[0].type == "Metaspace" {
            return .metaspace(try prepending(of: steps[0].value))
        }
        var pattern: SplitPattern?
        var isolatesDigits = false
        for (index, (type, step)) in steps.enumerated() {
            switch type {
            case "Split" where pattern == nil: pattern = try splitPattern(step)
            case "Digits" where pattern == nil:
                guard try step.member("individual_digits")?.boolean() ?? false else {
                    throw unsupported("pre-tokenizer \"Digits\" that keeps digits together")
                }
                isolatesDigits = true
            case "ByteLevel" where index == steps.count - 1:
                guard try !step.required("add_prefix_space").boolean() else {
                    throw unsupported("pre-tokenizer \"ByteLevel\" with add_prefix_space")
                }
                if try step.member("use_regex")?.boolean() ?? true {
                    guard pattern == nil else {
                        throw unsupported("pre-tokenizer \"Split\" followed by ByteLevel's own")
                    }
                    pattern = .gpt2
                }
                return .byteLevel(pattern, isolatesDigits: isolatesDigits)
            default: throw unsupported("pre-tokenizer \"\(type)\" in this place")
            }
        }
        throw unsupported("pre-tokenizer without \"ByteLevel\" or \"Metaspace\"")
    }

    private func prepending(of step: JSONValue) throws -> PreTokenizer.Prepending {
        guard try step.required("replacement").string().utf8.elementsEqual(PreTokenizer.mark) else {
            throw unsupported("pre-tokenizer \"Metaspace\" with another mark than U+2581")
        }
        guard try !(step.member("split")?.boolean() ?? true) else {
            throw unsupported("pre-tokenizer \"Metaspace\" that splits")
        }
        let scheme = try step.member("prepend_scheme")?.string() ?? "always"
        guard let prepending = PreTokenizer.Prepending(rawValue: scheme) else {
            throw unsupported("pre-tokenizer \"Metaspace\" with prepend_scheme \"\(scheme)\"")
        }
        return prepending
    }

    private func splitPattern(_ step: JSONValue) throws -> SplitPattern {
        guard let expression = try step.required("pattern").member("Regex") else {
            throw unsupported("pre-tokenizer \"Split\" by a fixed text")
        }
        let behavior = try step.required("behavior").string()
        guard behavior == "Isolated", try !(step.member("invert")?.boolean() ?? false) else {
            throw unsupported("pre-tokenizer \"Split\" with behavior \"\(behavior)\" or inverted")
        }
        let text = try expression.string()
        guard let pattern = SplitPattern(expression: text) else {
            throw unsupported("split pattern \(text)")
        }
        return pattern
    }

    /// Whether `decoder` drops a leading space; checks that it is the one that fits.
    func dropsLeadingSpace(_ part: JSONValue?, isByteLevel: Bool) throws -> Bool {
        let steps = try steps(part, "decoders")
        let types = steps.map(\.type)
        if isByteLevel {
            guard types == ["ByteLevel"] else {
                throw unsupported("decoder \(types) with a byte-level pre-tokenizer")
            }
            return false
        }
        let usual = ["Replace", "ByteFallback", "Fuse"]
        guard types == usual || types == usual + ["Strip"] else {
            throw unsupported("decoder \(types)")
        }
        let (old, new) = try replacement(steps[0].value, in: "decoder")
        guard old.utf8.elementsEqual(PreTokenizer.mark), new == " " else {
            throw unsupported("decoder \"Replace\" of another text than U+2581 by a space")
        }
        guard types.count == 4 else { return false }
        let strip = steps[3].value
        guard try strip.required("content").string() == " ",
            try strip.required("start").integer() == 1, try strip.required("stop").integer() == 0
        else { throw unsupported("decoder \"Strip\" of anything but one leading space") }
        return true
    }

    /// The tokens that `post_processor` puts before and after a sequence.
    func surroundings(_ part: JSONValue?) throws -> (prefix: [UInt32], suffix: [UInt32]) {
        var prefix: [UInt32] = []
        var suffix: [UInt32] = []
        for (type, step) in try steps(part, "processors") {
            switch type {
            case "ByteLevel": break
            case "TemplateProcessing":
                var isBefore = true
                for piece in try step.required("single").elements() {
                    guard let special = try piece.member("SpecialToken") else {
                        isBefore = false
                        continue
                    }
                    let ids = try specialIDs(try special.required("id").string(), in: step)
                    if isBefore { prefix += ids } else { suffix += ids }
                }
            default: throw unsupported("post-processor \"\(type)\"")
            }
        }
        return (prefix, suffix)
    }

    private func specialIDs(_ name: String, in step: JSONValue) throws -> [UInt32] {
        guard let entry = try step.required("special_tokens").member(name) else {
            throw TokenizerError.unknownToken(file: file, token: name)
        }
        return try entry.required("ids").elements().map { element in
            let id = try element.integer()
            guard let id = UInt32(exactly: id) else {
                throw TokenizerError.idOutOfRange(file: file, token: name, id: id)
            }
            return id
        }
    }
}
