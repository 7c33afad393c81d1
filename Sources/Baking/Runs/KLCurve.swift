import Foundation

/// The course of a run's KL in few points, without decoding every event.
struct KLCurve {
    /// A file up to this size is read whole; of a larger one as much, in evenly spaced windows.
    static let readByteCount = 1 << 19
    private static let windowByteCount = 1 << 12
    /// A damaged number must not overflow.
    private static let largestStep = 1 << 40

    private var points: [(step: Int, kl: Double)] = []

    /// From `events.jsonl`; a missing file has no points.
    init(_ file: URL) throws(RunError) {
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            let byteCount = Int(try handle.seekToEnd())
            guard byteCount > KLCurve.readByteCount else {
                try handle.seek(toOffset: 0)
                add([UInt8](try handle.read(upToCount: KLCurve.readByteCount) ?? Data()))
                return
            }
            let windowCount = KLCurve.readByteCount / KLCurve.windowByteCount
            let stride = (byteCount - KLCurve.windowByteCount) / (windowCount - 1)
            for window in 0..<windowCount {
                try handle.seek(toOffset: UInt64(window * stride))
                add([UInt8](try handle.read(upToCount: KLCurve.windowByteCount) ?? Data()))
            }
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
            return
        } catch {
            throw .unreadable(path: file.path, reason: reason(of: error))
        }
    }

    /// Means of `count` or fewer equal parts of the steps from the first to the last, oldest first.
    /// Parts without a step that was read are left out.
    func means(_ count: Int) -> [Double] {
        guard count > 0, let first = points.first?.step, let last = points.last?.step else {
            return []
        }
        var sums = Array(repeating: (total: 0.0, count: 0), count: count)
        for point in points {
            let part = (point.step - first) * count / (last - first + 1)
            sums[part].total += point.kl
            sums[part].count += 1
        }
        return sums.filter { $0.count > 0 }.map { $0.total / Double($0.count) }
    }

    private mutating func add(_ bytes: [UInt8]) {
        for line in bytes.split(separator: 0x0A) {
            // A part of a line lacks one of these, or its end.
            guard line.last == UInt8(ascii: "}"),
                KLCurve.position(of: "\"event\":\"bake.step\"", in: line) != nil,
                let step = KLCurve.number(after: "\"step\":", in: line).flatMap({ Int(exactly: $0) }
                ),
                (0...KLCurve.largestStep).contains(step),
                let kl = KLCurve.number(after: "\"kl\":", in: line)
            else { continue }
            // Where a run was taken up again, later lines replace those of steps above.
            while let last = points.last, last.step >= step { points.removeLast() }
            points.append((step, kl))
        }
    }

    private static func number(after name: StaticString, in line: ArraySlice<UInt8>) -> Double? {
        guard let start = position(of: name, in: line) else { return nil }
        let digits = line[start...].prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
        return Double(String(decoding: digits, as: UTF8.self)).flatMap(finite)
    }

    /// Where `text` ends in `line` first.
    private static func position(of text: StaticString, in line: ArraySlice<UInt8>) -> Int? {
        let text = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return line.withUnsafeBytes { bytes in
            var start = 0
            while bytes.count - start >= text.count {
                if bytes[start] == text[0],
                    bytes[start..<start + text.count].elementsEqual(text)
                {
                    return line.startIndex + start + text.count
                }
                start += 1
            }
            return nil
        }
    }
}

extension Run {
    /// The course of the KL over the steps done, for a line of `points` or fewer signs: means of equal
    /// parts, oldest first, in nats per response token. It reads at most half a MiB of
    /// `events.jsonl`, so that of a long run not every step is in it.
    public func klCurve(points: Int) throws -> [Double] {
        try KLCurve(url(.events)).means(points)
    }
}
