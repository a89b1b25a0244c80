import Glibc
package import PlauditCore

/// Weights of a model under the name, or names, they have in a file.
///
/// A loaded model's parameters never change. One in training has a gradient, and so takes part in
/// what a tape records; a frozen one has none.
package final class Parameter<Scalar: TensorScalar> {
  /// One name; or several whose tensors, all of `shape`, lie one after another.
  package let names: [String]
  package let shape: [Int]
  package let values: Buffer<Scalar>
  package private(set) var gradient: Buffer<Scalar>?
  /// Rows a step has touched, when gradients come row by row (embeddings).
  package let touched: TouchedRows?
  private(set) var packs: [PackedRows<Scalar>] = []

  package init(
    names: [String], shape: [Int], values: Buffer<Scalar>, isTable: Bool = false
  ) {
    self.names = names
    self.shape = shape
    self.values = values
    touched = isTable ? TouchedRows(count: shape.first ?? 0) : nil
  }

  package convenience init(_ name: String, _ shape: [Int]) throws(PlauditError) {
    self.init(names: [name], shape: shape, values: try Buffer(count: shape.reduce(1, *)))
  }

  package var name: String { names.first ?? "" }
  /// The numbers that names and shape stand for.
  package var count: Int { names.count * shape.reduce(1, *) }
  /// False where packed weights, or those of a lower precision, are all there is.
  package var hasValues: Bool { values.count == count }
  package var isTrained: Bool { gradient != nil }
  /// The numbers of a row: the product of all dimensions but the first.
  package var width: Int { shape.dropFirst().reduce(1, *) }

  /// Gives the parameter a gradient of zeros.
  package func train() throws(PlauditError) {
    guard hasValues else {
      throw PlauditError(
        .internal, "tensor \(name), which is for prediction alone, is to be trained")
    }
    for part in packs { part.panels = nil }
    if gradient == nil { gradient = try Buffer(count: count) }
  }

  package func freeze() { gradient = nil }

  /// Rows that a linear layer multiplies with; equal ranges share what is packed.
  func packedRows(_ rows: Range<Int>) -> PackedRows<Scalar> {
    if let known = packs.first(where: { $0.rows == rows }) { return known }
    let made = PackedRows<Scalar>(rows)
    packs.append(made)
    return made
  }

  /// Packs the rows of linear layers for prediction. Not while another thread uses the parameter,
  /// and not before its last change.
  package func pack() throws(PlauditError) {
    for part in packs where part.panels == nil {
      guard hasValues else {
        throw PlauditError(.internal, "rows of \(name) were not packed")
      }
      let panels = try Buffer<Scalar>(
        undefined: Scalar.packedCount(inner: width, columns: part.rows.count))
      Scalar.pack(
        values.pointer + part.rows.lowerBound * width, stride: width, transposed: true,
        columns: part.rows.count, inner: width, into: panels.pointer)
      part.panels = panels
    }
  }

  /// Makes the gradient zero again, of a table only the rows that were touched.
  package func clearGradient() {
    guard let gradient else { return }
    guard let touched else {
      memset(gradient.pointer, 0, count * MemoryLayout<Scalar>.stride)
      return
    }
    let width = self.width
    for row in touched.rows {
      memset(gradient.pointer + row * width, 0, width * MemoryLayout<Scalar>.stride)
    }
    touched.clear()
  }
}

/// Some rows of a parameter in the order in which the matrix kernels read them.
final class PackedRows<Scalar: TensorScalar> {
  let rows: Range<Int>
  var panels: Buffer<Scalar>?

  init(_ rows: Range<Int>) { self.rows = rows }
}

/// The rows of a table that have a gradient in this step, and those that ever had one.
package final class TouchedRows {
  /// In the order they were first touched in this step.
  package private(set) var rows: [Int] = []
  private var isTouched: [Bool]
  /// Rows touched in any step: all others have moments of zero.
  package var everTouched: [Bool]
  /// Rows touched for the first time since they were last asked for.
  package private(set) var newRows: [Int] = []

  init(count: Int) {
    isTouched = [Bool](repeating: false, count: max(count, 0))
    everTouched = isTouched
  }

  /// - Returns: whether it is the first time.
  func touch(_ row: Int) -> Bool {
    guard row >= 0, row < isTouched.count, !isTouched[row] else { return false }
    isTouched[row] = true
    rows.append(row)
    guard !everTouched[row] else { return false }
    everTouched[row] = true
    newRows.append(row)
    return true
  }

  package func forgetNewRows() { newRows.removeAll(keepingCapacity: true) }

  /// Forgets which rows the step touched, once their gradients are zero.
  package func clear() {
    for row in rows { isTouched[row] = false }
    rows.removeAll(keepingCapacity: true)
  }
}
