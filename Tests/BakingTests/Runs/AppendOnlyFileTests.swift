import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Baking

@Suite struct AppendOnlyFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `what lies behind the whole lines is cut off`() throws {
        let url = try directory.file("a", "one\ntor")
        let file = try AppendOnlyFile(url, keeping: 4)
        try file.append(Data("two\n".utf8))
        #expect(try String(contentsOf: url, encoding: .utf8) == "one\ntwo\n")
    }

    @Test(arguments: [ENOSPC, EFBIG, EDQUOT, EIO])
    func `a write that fails half way leaves the file as it was`(code: Int32) throws {
        let url = try directory.file("a", "one\n")
        let calls = Mutex(0)
        let file = try AppendOnlyFile(url) { descriptor, bytes, count in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call == 2 {
                errno = code
                return -1
            }
            return Foundation.write(descriptor, bytes, min(count, 2))
        }
        #expect(throws: RunError.unwritable(path: url.path, reason: systemMessage(code))) {
            try file.append(Data("two\n".utf8))
        }
        #expect(try String(contentsOf: url, encoding: .utf8) == "one\n")
        try file.append(Data("three\n".utf8))
        #expect(try String(contentsOf: url, encoding: .utf8) == "one\nthree\n")
    }

    #if os(Linux)
        @Test func `a full disk is called by its name`() throws {
            let file = try AppendOnlyFile(URL(filePath: "/dev/full"))
            #expect(
                throws: RunError.unwritable(path: "/dev/full", reason: "the disk is full")
            ) { try file.append(Data("x".utf8)) }
        }
    #endif
}
