#include "services/spool/text_reader.h"

#include <algorithm>

namespace hikyaku::spool {
namespace {
constexpr std::uint64_t verified_at_once = 1 << 20;
}

SpoolResult<std::string> TextReader::next(std::uint64_t octets) {
  if (failed_) return failure(*failed_);
  auto piece = read(octets);
  if (!piece) failed_ = piece.error();
  else at_ += piece->size();
  return piece;
}

SpoolResult<std::string> TextReader::read(std::uint64_t octets) {
  const SpoolError damaged{SpoolFailure::Damaged, "the text is not what was accepted"};
  const auto count = std::min(octets, octets_ - at_);
  if (count == 0) return std::string();
  if (count == octets_) {
    TRY(whole, source_.read(0, octets_ + 1));  // one more: a longer one is damaged too
    if (whole.size() != octets_) return failure(damaged);
    return whole;
  }
  // Taken once: a text in holding may move meanwhile, and has another seed there.
  if (!sum_) {
    TRY(sum, source_.sum());
    sum_ = sum;
    running_.start(sum.seed);
  }
  if (sum_->octets != octets_) return failure(damaged);
  TRY(piece, source_.read(at_, count));
  if (piece.size() != count) return failure(damaged);
  running_.add(piece);
  if (at_ + count == octets_ && sum_->value && running_.value() != *sum_->value) return failure(damaged);
  return piece;
}

SpoolResult<> TextReader::verify_rest() {
  for (;;) {
    TRY(piece, next(verified_at_once));
    if (piece.empty()) return {};
  }
}

}  // namespace hikyaku::spool
