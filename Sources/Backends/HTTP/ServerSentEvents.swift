internal import Foundation

/// Reads server-sent events out of bytes as they come, wherever they are cut.
///
/// By the rules of the HTML standard ("Interpreting an event stream"), with three differences for the
/// servers there are: an event that the end of the body cuts off counts, a field `error`, which older
/// servers of llama.cpp send instead of data, is an event of that name, and `id` and `retry` mean
/// nothing.
package struct ServerSentEvents: Sendable {
    /// One event with data.
    package struct Event: Hashable, Sendable {
        /// What the server calls it, if anything.
        package var name: String?
        /// Its lines, with a line feed between them.
        package var data: String

        package init(name: String? = nil, data: String) {
            self.name = name
            self.data = data
        }
    }

    /// The stream cannot be read on.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// An event, or a line outside of one, is longer than `limit` bytes.
        case tooLong(limit: Int)

        package var description: String {
            switch self {
            case .tooLong(let limit): "an event of the stream is longer than \(limit) bytes"
            }
        }
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Lines so far that only prove that the server lives: comments.
    package private(set) var commentCount = 0
    private let limit: Int
    private var line: [UInt8] = []
    private var isFirstLine = true
    /// A line feed that follows belongs to the end of line before.
    private var endedByReturn = false
    private var name: String?
    private var data: [UInt8] = []
    private var hasData = false
    private var isFailed = false

    /// - Parameter limit: Most bytes of an event.
    package init(limit: Int = 8 << 20) { self.limit = limit }

    /// - Returns: The events that end within `bytes`.
    /// - Throws: ``Failure``, now and from then on.
    package mutating func append(_ bytes: some Sequence<UInt8>) throws -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            defer { endedByReturn = byte == Self.carriageReturn }
            switch byte {
            case Self.lineFeed where endedByReturn: break
            case Self.lineFeed, Self.carriageReturn: endLine(&events)
            default:
                guard !isFailed, line.count + data.count < limit else {
                    isFailed = true
                    line = []
                    data = []
                    throw Failure.tooLong(limit: limit)
                }
                line.append(byte)
            }
        }
        return events
    }

    /// The event that the end of the body cut off, if there is one. Some servers leave off the blank
    /// line after the last.
    package mutating func finish() -> [Event] {
        guard !isFailed else { return [] }
        var events: [Event] = []
        if !line.isEmpty { endLine(&events) }
        endEvent(&events)
        return events
    }

    private mutating func endLine(_ events: inout [Event]) {
        var content = line[...]
        if isFirstLine, content.starts(with: Self.byteOrderMark) { content = content.dropFirst(3) }
        isFirstLine = false
        defer { line.removeAll(keepingCapacity: line.count < 1 << 16) }
        guard let first = content.first else {
            endEvent(&events)
            return
        }
        guard first != UInt8(ascii: ":") else {
            commentCount += 1
            return
        }
        let field = content.prefix { $0 != UInt8(ascii: ":") }
        var value = content[field.endIndex...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: field, as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data": add(value)
        case "error":
            name = "error"
            add(value)
        default: break
        }
    }

    private mutating func add(_ value: ArraySlice<UInt8>) {
        if hasData { data.append(Self.lineFeed) }
        hasData = true
        data += value
    }

    private mutating func endEvent(_ events: inout [Event]) {
        if hasData {
            let name = name.flatMap { $0.isEmpty ? nil : $0 }
            events.append(Event(name: name, data: String(decoding: data, as: UTF8.self)))
        }
        name = nil
        hasData = false
        data.removeAll(keepingCapacity: data.count < 1 << 16)
    }
}
