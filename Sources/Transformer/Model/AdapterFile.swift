/// An adapter as files hold it: a value between a PEFT directory and what is trained.
public struct AdapterFile: Equatable, Sendable {
    /// Where in a model a pair of matrices sits.
    public struct Place: Hashable, Comparable, Sendable {
        /// From 0; 0 for the unembedding.
        public var layer: Int
        /// Which linear layer of it.
        public var target: AdapterTarget

        /// A linear layer of a model.
        public init(layer: Int, target: AdapterTarget) {
            self.layer = layer
            self.target = target
        }

        /// By layer, then in the order of a forward pass.
        public static func < (left: Place, right: Place) -> Bool {
            (left.layer, left.target) < (right.layer, right.target)
        }
    }

    /// What is added to one weight: B·A, before scaling.
    public struct Matrices: Equatable, Sendable {
        /// [R, in], row-major.
        public var a: [Float]
        /// [out, R], row-major.
        public var b: [Float]

        /// A pair for one linear layer.
        public init(a: [Float], b: [Float]) {
            self.a = a
            self.b = b
        }
    }

    /// Rank, strength and targets; of an rsLoRA file with its strength folded into alpha.
    public var configuration: AdapterConfiguration
    /// The model it was trained on, by its name on the hub, if noted.
    public var baseModelName: String?
    /// The commit of that model, if noted.
    public var baseRevision: String?
    /// One pair per place; a place of a target that is absent is not changed.
    public var matrices: [Place: Matrices]

    /// An adapter whose matrices fit the configuration's rank.
    public init(
        configuration: AdapterConfiguration, baseModelName: String? = nil,
        baseRevision: String? = nil, matrices: [Place: Matrices]
    ) {
        self.configuration = configuration
        self.baseModelName = baseModelName
        self.baseRevision = baseRevision
        self.matrices = matrices
    }

    static let weightsName = "adapter_model.safetensors"
    static let configurationName = "adapter_config.json"
    /// PEFT's wrapper and the model's own root come before the module's path.
    static let prefix = "base_model.model."
}
