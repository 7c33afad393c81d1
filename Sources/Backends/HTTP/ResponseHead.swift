internal import Foundation

/// The head of an answer, put together line by line. Heads of interim answers are left off.
struct ResponseHead: Sendable {
    /// Most bytes and lines of all heads of one answer.
    static let byteLimit = 256 << 10
    static let lineLimit = 1000

    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    /// Whether the head of the real answer has ended.
    private(set) var isComplete = false
    private var byteCount = 0
    private var lineCount = 0

    /// - Parameter line: With its end. After the head there may be trailers, which nobody reads.
    /// - Returns: Whether the head is within its bounds.
    mutating func append(_ line: UnsafeRawBufferPointer) -> Bool {
        guard !isComplete else { return true }
        byteCount += line.count
        lineCount += 1
        guard byteCount <= Self.byteLimit, lineCount <= Self.lineLimit else { return false }
        let text = String(decoding: line, as: UTF8.self)
        let content = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if text.hasPrefix("HTTP/") {
            headers = HTTPHeaders()
            let code = content.split(separator: " ", maxSplits: 2).dropFirst().first
            status = code.flatMap { Int($0) } ?? 0
        } else if content.isEmpty {
            isComplete = status >= 200
        } else if text.first == " " || text.first == "\t" {
            // An old way to go on with a value.
            headers.extendLast(by: content)
        } else if let colon = content.firstIndex(of: ":") {
            let value = content[content.index(after: colon)...]
            headers.add(
                content[..<colon].trimmingCharacters(in: .whitespaces),
                value.trimmingCharacters(in: .whitespaces))
        }
        return true
    }
}
