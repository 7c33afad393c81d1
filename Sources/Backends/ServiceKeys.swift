package import Baking
import Foundation

/// Finds keys: in the environment, then in `.env` of the working directory, then where a service's own
/// tools keep them. Nothing is ever written.
package struct ServiceKeys: Sendable {
    /// A key and where it was found, for people.
    package struct Found: Sendable {
        package var key: Secret
        package var source: String
    }

    private static let largestFile = 1 << 16

    private let surroundings: Surroundings

    package init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// The key in `variable`; nil where there is none.
    ///
    /// - Throws: ``ServiceError`` for a file that others can read and for what cannot be a key.
    package func find(_ variable: String) throws(ServiceError) -> Found? {
        if let text = surroundings.variable(variable) {
            return try found(text, variable: variable, source: "environment")
        }
        guard let text = try fileValue(of: variable) else { return nil }
        return try found(text, variable: variable, source: ".env")
    }

    /// The key of a service; nil when the service needs none, or none was found.
    package func find(
        for service: ServiceConfiguration
    ) throws(ServiceError) -> Found? {
        guard let variable = service.keyVariable else { return nil }
        if let found = try find(variable) { return found }
        guard service.kind == .tinker, service.baseURL == ServiceConfiguration.tinkerAddress else {
            return nil
        }
        return storedTinkerKey
    }

    /// The surroundings with the keys of `.env` among the variables, for tools that look there
    /// themselves.
    package func surroundings(with variables: [String]) throws(ServiceError) -> Surroundings {
        var result = surroundings
        for variable in variables where surroundings.variable(variable) == nil {
            if let text = try fileValue(of: variable) { result.environment[variable] = text }
        }
        return result
    }

    private func found(
        _ text: String, variable: String, source: String
    ) throws(ServiceError) -> Found {
        guard let key = Secret(text) else { throw .badKey(variable: variable, source: source) }
        return Found(key: key, source: source)
    }

    // MARK: .env

    private func fileValue(of variable: String) throws(ServiceError) -> String? {
        let file = surroundings.workingDirectory.appending(path: ".env")
        guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: Self.largestFile),
            let value = Self.value(of: variable, in: String(decoding: data, as: UTF8.self))
        else { return nil }
        var status = stat()
        guard fstat(handle.fileDescriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw .keysReadableByOthers(file: ".env", variable: variable)
        }
        return value
    }

    /// The last value of `variable` in lines `NAME=value`, as shells read simple ones: an `export`
    /// before and quotes around are taken off, `#` begins a comment.
    static func value(of variable: String, in text: String) -> String? {
        var value: String?
        for line in text.split(whereSeparator: \.isNewline) {
            var line = line.drop(while: \.isWhitespace)
            if line.hasPrefix("export ") { line = line.dropFirst(7).drop(while: \.isWhitespace) }
            guard line.hasPrefix(variable) else { continue }
            let rest = line.dropFirst(variable.count).drop(while: \.isWhitespace)
            guard rest.first == "=" else { continue }
            value = unquoted(rest.dropFirst().drop(while: \.isWhitespace))
        }
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func unquoted(_ text: Substring) -> String {
        if let quote = text.first, quote == "\"" || quote == "'" {
            let rest = text.dropFirst()
            return String(rest[..<(rest.firstIndex(of: quote) ?? rest.endIndex)])
        }
        let value = text.prefix { $0 != "#" }
        return String(
            value.prefix(
                upTo: value.lastIndex { !$0.isWhitespace }
                    .map(value.index(after:)) ?? value.startIndex))
    }

    // MARK: Tinker's own

    /// Where the service's command line keeps the key of a log-in.
    private var storedTinkerKey: Found? {
        let file = surroundings.url(of: "~/.tinker/credentials.json")
        guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: Self.largestFile),
            let fields = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return nil }
        for name in ["api_key", "apiKey", "key", "token"] {
            if let text = fields[name] as? String, let key = Secret(text) {
                return Found(key: key, source: "~/.tinker/credentials.json")
            }
        }
        return nil
    }
}
