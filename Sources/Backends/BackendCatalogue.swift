package import Baking
import Foundation

/// A model that a bake can be made with.
package typealias BakingBackend = ResponseGenerator & TargetScorer & StudentTrainer
    & DivergenceMeter

/// Opens what settings name: models, who writes the responses, where figures go. The only place that
/// puts keys and services together.
package struct BackendCatalogue: Sendable {
    package var settings: Settings
    let transport: any HTTPTransport
    let clock: any ServiceClock
    /// Told what services say while work goes on.
    let notify: @Sendable (ServiceNotice) -> Void

    package init(
        settings: Settings, transport: any HTTPTransport, clock: any ServiceClock = SystemClock(),
        notify: @escaping @Sendable (ServiceNotice) -> Void
    ) {
        self.settings = settings
        self.transport = transport
        self.clock = clock
        self.notify = notify
    }

    /// A model, and what a person should know of its files.
    package struct OpenedModel: Sendable {
        package var backend: any BakingBackend
        package var warnings: [String]
    }

    /// Opens the settings' model.
    ///
    /// - Parameter isBackground: Whether all other threads of the machine go before the model's.
    package func model(isBackground: Bool = false) async throws -> OpenedModel {
        if let remote = settings.remoteModel {
            return try await tinkerModel(remote.model, of: remote.service)
        }
        guard case .directory(let directory) = try settings.modelLocation() else {
            throw ServiceError.unknown(name: settings.text(.model), nearest: nil)
        }
        let backend = try LocalBackend(
            directory: directory, name: settings.text(.model), precision: settings.precision,
            threads: settings.threads ?? ProcessInfo.processInfo.activeProcessorCount,
            isBackground: isBackground)
        return OpenedModel(backend: backend, warnings: backend.warnings)
    }
}
