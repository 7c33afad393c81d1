import Foundation
import TestSupport
import Testing

@testable import Transformer

/// One case of the reference data: a folder with a tokenizer.
struct TokenizerCase: CustomTestStringConvertible, Sendable {
    let path: String

    var testDescription: String { path }
    var directory: URL { Golden.url(path) }

    static let all: [TokenizerCase] =
        ["tokenizer"].filter { has($0, "tokenizer.json") }.map(TokenizerCase.init)
        + Golden.cases(in: "tokenizers-other", containing: "tokenizer.json").map {
            TokenizerCase(path: "tokenizers-other/\($0)")
        }

    static func with(_ file: String) -> [TokenizerCase] { all.filter { has($0.path, file) } }

    private static func has(_ path: String, _ file: String) -> Bool {
        FileManager.default.fileExists(atPath: Golden.url(path).appending(path: file).path)
    }

    func tokenizer() throws -> any Tokenizer { try TokenizerFile(directory: directory).tokenizer }

    func lines(_ file: String) throws -> [JSONValue] {
        let data = try Data(contentsOf: directory.appending(path: file))
        return try data.split(separator: UInt8(ascii: "\n")).map {
            try JSONDocument([UInt8]($0)).root
        }
    }
}

extension JSONValue {
    func tokens(_ key: String) throws -> [TokenID]? {
        try member(key)?.elements().map { TokenID(try $0.integer()) }
    }

    func text(_ key: String) throws -> String? { try member(key)?.string() }

    func texts(_ key: String) throws -> [String]? {
        try member(key)?.elements().map { try $0.string() }
    }
}

/// Swift's `==` equates canonically equivalent texts; a tokenizer must not.
func isSame(_ left: String, _ right: String?) -> Bool {
    right.map { left.unicodeScalars.elementsEqual($0.unicodeScalars) } ?? false
}
