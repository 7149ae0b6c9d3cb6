#include "services/delivery/schedule/retry_settings.h"

#include "services/delivery/schedule/retry_schedule.h"

namespace hikyaku::delivery {

RetryTable retry_table(const settings::DeliverySection& from) {
  RetryTable table;
  auto& base = table.base;
  base.refused_attempts = static_cast<std::uint32_t>(from.refused_attempts());
  base.transient_period = from.transient_period();
  base.no_answer_period = from.unanswered_period();
  base.error_mail_period = from.error_mail_period();
  base.interval = from.retry_interval();
  base.longest_interval = from.retry_interval_max();
  base.greylist_interval = from.greylist_interval();
  base.growth = from.retry_growth() == "constant" ? Growth::Constant : Growth::Doubling;
  for (const auto& line : from.retry_rules())
    if (auto row = parse_retry_row(line)) table.rows.push_back(std::move(*row));
  return table;
}

std::vector<LimitRow> limit_rows(const settings::DeliverySection& from) {
  std::vector<LimitRow> rows;
  for (const auto& line : from.connection_limits())
    if (auto row = parse_limit_row(line)) rows.push_back(std::move(*row));
  return rows;
}

SourceLimits source_limits(const settings::DeliverySection& from) {
  SourceLimits limits;
  for (const auto& line : from.source_limits()) (void)add_source_limit(line, limits);
  return limits;
}

RetryAdvice check_retry_settings(const settings::DeliverySection& from, bool japanese) {
  RetryAdvice advice;
  for (const auto& line : from.retry_rules())
    if (const auto row = parse_retry_row(line); !row) advice.mistakes.push_back("[delivery] retry_rules: " + row.error());
  for (const auto& line : from.connection_limits())
    if (const auto row = parse_limit_row(line); !row) advice.mistakes.push_back("[delivery] connection_limits: " + row.error());
  for (SourceLimits limits; const auto& line : from.source_limits())
    if (const auto added = add_source_limit(line, limits); !added) advice.mistakes.push_back("[delivery] source_limits: " + added.error());
  const auto warn = [&](const RetryRules& rules, const std::string& where) {
    for (const auto& gap : greylist_gaps(rules)) {
      const auto wait = short_duration(gap.greylist_wait);
      const auto kind = std::string(class_words(gap.failure, japanese));
      advice.warnings.push_back(japanese ? where + ": " + kind + " のとき、" + wait + " 待たせるグレイリストを通れない(その後 4 時間以内に試行がない)。間隔か期間を見直すこと。"
                                         : where + ": a greylist of " + wait + " would be missed (" + kind + "): no attempt falls into the 4 hours after it. Change the interval or the period.");
    }
  };
  const auto table = retry_table(from);
  warn(table.base, "[delivery]");
  for (const auto& row : table.rows) {
    RetryRules rules = table.base;
    for (const auto failure : row.classes) rules.changes[static_cast<std::size_t>(failure)] = row.change;
    if (!greylist_gaps(table.base).empty()) break;  // told already
    warn(rules, "[delivery] retry_rules \"" + row.text + "\"");
  }
  return advice;
}

}  // namespace hikyaku::delivery
