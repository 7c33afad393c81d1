import Backends
import Baking
import Foundation

/// The network as one process uses it.
struct Services: Sendable {
    let http: HTTPClient
    let notify: @Sendable (ServiceNotice) -> Void

    /// - Parameter trace: A file that every exchange is appended to, keys removed.
    init(trace: URL?, notify: @escaping @Sendable (ServiceNotice) -> Void) throws {
        http = try HTTPClient(trace: trace.map { try HTTPTrace(file: $0) })
        self.notify = notify
    }

    /// What `settings` name.
    func catalogue(_ settings: Settings) -> BackendCatalogue {
        BackendCatalogue(settings: settings, transport: http, notify: notify)
    }
}

extension PlaceSettings {
    /// The network of a command, whose notices are remarks on `console`.
    func services(_ console: Console) throws -> Services {
        let surroundings = Surroundings.current()
        return try Services(trace: trace.map { surroundings.url(of: $0) }) { notice in
            switch notice {
            case .warning: console.remark("warning: \(notice.text)")
            case .waiting, .resumed, .note: console.remark(notice.text)
            }
        }
    }
}
