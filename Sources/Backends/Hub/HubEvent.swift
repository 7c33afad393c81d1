package import Baking
package import Foundation

/// What happens while a model is fetched.
package enum HubEvent: Sendable {
    /// What there is to do.
    case planned(HubPlan)
    /// Bytes that are here, of all there will be; and how many of them this call fetched.
    case progress(completed: Int, total: Int, received: Int)
    /// A file is in its place.
    case file(path: String, byteCount: Int, wasPresent: Bool)
    case notice(ServiceNotice)
    /// The last one. The files are those that this call answers for, sorted.
    case finished(HubSnapshot, files: [String])
}

/// What a call will fetch.
package struct HubPlan: Hashable, Sendable {
    package var repository: HubRepository
    package var revision: String
    package var commit: String
    package var fileCount: Int
    package var byteCount: Int
    /// Of them, here already.
    package var presentByteCount: Int
    /// The cache that the files go to.
    package var cache: URL
}
