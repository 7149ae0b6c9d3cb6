#include "apps/receive/trouble_watch.h"

namespace hikyaku::receive {

void TroubleWatch::failed(std::string_view name, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  any_ = true;
  auto& trouble = troubles_.try_emplace(std::string(name)).first->second;
  if (++trouble.failures == 1) trouble.since = clock_.wall();
  trouble.last = clock_.now();
  if (trouble.failures != terms_.failures && (trouble.failures < terms_.failures || trouble.last - trouble.told < told_again)) return;
  trouble.told = trouble.last;
  log_.write(terms_.begun, {.since = trouble.since, .text = name, .reason = reason});
}

void TroubleWatch::well(std::string_view name) {
  if (!any_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  const auto found = troubles_.find(name);
  if (found == troubles_.end() || clock_.now() - found->second.last < terms_.calm) return;
  if (found->second.failures >= terms_.failures) log_.write(terms_.over, {.since = found->second.since, .text = name});
  troubles_.erase(found);
  any_ = !troubles_.empty();
}

}  // namespace hikyaku::receive
