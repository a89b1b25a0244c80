import CKernels
import Glibc
package import PlauditCore

/// How the linear layers of an encoder multiply. Everything else computes in fp32.
package enum Precision: Int32, CaseIterable, Sendable {
  case fp32 = 0
  /// Weights and inputs rounded to bfloat16, sums in fp32.
  case bf16 = 1
  /// Weights as bytes with a scale an output, inputs as bytes with a scale a row, exact sums.
  case int8 = 2

  package var name: String {
    switch self {
    case .fp32: "fp32"
    case .bf16: "bf16"
    case .int8: "int8"
    }
  }

  /// What this machine does fastest.
  package static var fastest: Precision { NarrowKernels.int8.isFast ? .int8 : bf16.here }

  /// What this machine computes for it: bf16 is fp32 where the CPU does not multiply halves faster
  /// than floats.
  package var here: Precision { self == .bf16 && NarrowKernels.bf16 == nil ? .fp32 : self }

  /// The name of the kernels behind it on this machine.
  package var kernelsName: String {
    switch here {
    case .fp32: rowKernelsName
    case .bf16: NarrowKernels.bf16?.name ?? rowKernelsName
    case .int8: NarrowKernels.int8.name
    }
  }
}

/// The kernels of a lower precision; see narrow.h.
struct NarrowKernels {
  let set: UnsafePointer<pk_narrow_set>

  var name: String { String(cString: set.pointee.name) }
  /// Whether it is faster than fp32.
  var isFast: Bool { pk_narrow_is_fast(set) != 0 }

  /// The sets this CPU can run, the plainest first, those alone whose products equal a plain
  /// loop's.
  static func available(_ format: Int32) -> [NarrowKernels] {
    guard let room = try? Buffer<UInt8>(count: Int(pk_narrow_check_size())) else { return [] }
    defer { withExtendedLifetime(room) {} }
    return all(format).filter { pk_narrow_check($0.set, room.pointer) != 0 }
  }

  /// The last of them; slower ones are not tried.
  private static func fastest(_ format: Int32) -> NarrowKernels? {
    guard let room = try? Buffer<UInt8>(count: Int(pk_narrow_check_size())) else { return nil }
    defer { withExtendedLifetime(room) {} }
    return all(format).last { pk_narrow_check($0.set, room.pointer) != 0 }
  }

  private static func all(_ format: Int32) -> [NarrowKernels] {
    var sets: [NarrowKernels] = []
    while let set = pk_narrow_kernels(format, Int32(sets.count)) {
      sets.append(NarrowKernels(set: set))
    }
    return sets
  }

  /// The fastest set, or the one that PLAUDIT_KERNELS names; where it names only a set of rows, one
  /// that needs no more than that.
  private static func chosen(_ format: Int32) -> (kernels: NarrowKernels?, isNamed: Bool) {
    let names = namedKernels
    guard !names.isEmpty else { return (fastest(format), false) }
    let sets = available(format)
    if let named = sets.last(where: { names.contains($0.name) }) { return (named, true) }
    if rowKernelsName != "avx512" { return (sets.first, false) }
    return (sets.last, false)
  }

  nonisolated(unsafe) static let int8: NarrowKernels =
    chosen(Int32(PK_INT8)).kernels ?? NarrowKernels(set: pk_narrow_plainest(Int32(PK_INT8)))

  /// nil where fp32 is faster and nobody named a set.
  nonisolated(unsafe) static let bf16: NarrowKernels? = {
    let (kernels, isNamed) = chosen(Int32(PK_BF16))
    guard let kernels, isNamed || kernels.isFast else { return nil }
    return kernels
  }()
}

/// Weights `[outputs, inputs]` of a lower precision, packed for the kernels; they never change.
package final class NarrowWeights {
  package let precision: Precision
  package let outputs: Int
  package let inputs: Int
  private let kernels: NarrowKernels
  private let panels: Buffer<UInt8>
  /// The value of a step of each output, and the sum of its weights; int8 alone.
  private let scales: Buffer<Float>
  private let sums: Buffer<Float>

  /// Room for the weights, to be packed piece by piece.
  ///
  /// - Returns: nil where this machine computes the precision in fp32.
  package init?(
    outputs: Int, inputs: Int, _ precision: Precision, in arena: Arena? = nil
  ) throws(PlauditError) {
    // In this order: to choose kernels takes time.
    guard precision != .fp32,
      let kernels = precision == .int8 ? NarrowKernels.int8 : NarrowKernels.bf16
    else { return nil }
    self.kernels = kernels
    self.precision = precision
    self.outputs = outputs
    self.inputs = inputs
    let format = kernels.set.pointee.format
    panels = try Buffer(
      undefined: Int(pk_narrow_size(format, Int64(inputs), Int64(outputs))), in: arena)
    let filled = (outputs / NarrowWeights.panel + 1) * NarrowWeights.panel
    scales = try Buffer(count: precision == .int8 ? filled : 0)
    sums = try Buffer(count: precision == .int8 ? filled : 0)
  }

  /// Packs rows of `count` outputs from `first`, a panel's first, on. Pieces may be packed at the
  /// same time, each once.
  package func pack(_ rows: UnsafePointer<Float>, first: Int, count: Int) {
    pk_narrow_pack_part(
      kernels.set.pointee.format, rows, Int64(inputs), Int64(outputs), Int64(first), Int64(count),
      panels.pointer, scales.pointer, sums.pointer)
  }

  /// The outputs of a panel.
  package static let panel = Int(PK_NARROW_PANEL)
  /// Rows whose product falls into parts.
  static let mostRows = Int(PK_NARROW_ROWS)

  /// A product's parts: rows that are made narrow, then panels that are multiplied.
  enum Step {
    case all
    case rows
    case panels
  }

  /// The bytes of a scratch for `forward`.
  var scratchCount: Int {
    Int(pk_narrow_scratch(kernels.set.pointee.format, Int64(inputs)))
  }

  /// `out[rows, count] = f(x[rows, inputs] · W[first ..< first + count]ᵀ + bias)`; `first` is a
  /// multiple of a panel's width. A row's result depends on that row alone.
  ///
  /// - Parameter step: with `start` and `parts` some rows or panels of a step alone.
  func forward(
    _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, rows: Int, first: Int,
    count: Int, bias: UnsafePointer<Float>?, _ activation: Activation?,
    scratch: UnsafeMutablePointer<UInt8>, _ step: Step = .all, _ start: Int = 0, _ parts: Int = 0
  ) {
    let depth = Int(pk_narrow_depth(kernels.set.pointee.format, Int64(inputs)))
    let isInt8 = precision == .int8
    var weights = pk_narrow_weights(
      panels: panels.pointer + first * depth, scales: isInt8 ? scales.pointer + first : nil,
      sums: isInt8 ? sums.pointer + first : nil, inputs: Int64(inputs), outputs: Int64(count))
    withUnsafePointer(to: &weights) { weights in
      var product = pk_narrow_product(
        a: x, out: out, bias: bias, weights: weights, scratch: scratch, a_stride: Int64(inputs),
        out_stride: Int64(count), rows: Int64(rows),
        function: activation?.kernel ?? Int32(PK_IDENTITY))
      switch step {
      case .all: kernels.set.pointee.multiply(&product)
      case .rows: kernels.set.pointee.narrow(&product, Int64(start), Int64(parts))
      case .panels: kernels.set.pointee.panels(&product, Int64(start), Int64(parts))
      }
    }
  }
}
