@testable import Transformer

/// A tokenizer file small enough to write down, with one part replaced.
struct TinyTokenizerFile {
    var type = #""BPE""#
    var vocabulary = #"{"a":0,"b":1,"ab":2,"Ġ":3,"Ċ":4}"#
    var merges = #"[["a","b"]]"#
    var added = #"[{"id":5,"content":"<|im_end|>","special":true}]"#
    var normalizer = "null"
    var preTokenizer = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#
    var postProcessor = "null"
    var decoder = #"{"type":"ByteLevel"}"#
    var flags = ""

    var text: String {
        """
        {"added_tokens":\(added),"normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),
        "post_processor":\(postProcessor),"decoder":\(decoder),
        "model":{"type":\(type),\(flags)"vocab":\(vocabulary),"merges":\(merges)}}
        """
    }

    func load() throws(TokenizerError) -> any Tokenizer {
        try TokenizerFile(Array(text.utf8), file: "tiny").tokenizer
    }
}
