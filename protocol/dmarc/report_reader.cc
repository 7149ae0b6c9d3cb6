#include <array>

#include "protocol/dkim/tag_list.h"
#include "protocol/dmarc/aggregate_report.h"
#include "protocol/dmarc/xml_reader.h"

namespace hikyaku::dmarc {
namespace {

// A value by the names of the elements it stands in.
template <class Into>
struct Place {
  std::string_view path;
  std::string Into::*value;
};

constexpr std::array<Place<AggregateReport>, 6> report_places{{{"feedback/version", &AggregateReport::version},
                                                              {"feedback/report_metadata/org_name", &AggregateReport::organization},
                                                              {"feedback/report_metadata/email", &AggregateReport::email},
                                                              {"feedback/report_metadata/extra_contact_info", &AggregateReport::extra_contact},
                                                              {"feedback/report_metadata/report_id", &AggregateReport::report_id},
                                                              {"feedback/report_metadata/generator", &AggregateReport::generator}}};
constexpr std::array<Place<PublishedPolicy>, 10> policy_places{{{"feedback/policy_published/domain", &PublishedPolicy::domain},
                                                               {"feedback/policy_published/p", &PublishedPolicy::p},
                                                               {"feedback/policy_published/sp", &PublishedPolicy::sp},
                                                               {"feedback/policy_published/np", &PublishedPolicy::np},
                                                               {"feedback/policy_published/adkim", &PublishedPolicy::adkim},
                                                               {"feedback/policy_published/aspf", &PublishedPolicy::aspf},
                                                               {"feedback/policy_published/pct", &PublishedPolicy::pct},
                                                               {"feedback/policy_published/fo", &PublishedPolicy::fo},
                                                               {"feedback/policy_published/testing", &PublishedPolicy::testing},
                                                               {"feedback/policy_published/discovery_method", &PublishedPolicy::discovery_method}}};
constexpr std::array<Place<ReportRow>, 7> row_places{{{"feedback/record/row/source_ip", &ReportRow::source_ip},
                                                     {"feedback/record/row/policy_evaluated/disposition", &ReportRow::disposition},
                                                     {"feedback/record/row/policy_evaluated/dkim", &ReportRow::dkim},
                                                     {"feedback/record/row/policy_evaluated/spf", &ReportRow::spf},
                                                     {"feedback/record/identifiers/envelope_to", &ReportRow::envelope_to},
                                                     {"feedback/record/identifiers/envelope_from", &ReportRow::envelope_from},
                                                     {"feedback/record/identifiers/header_from", &ReportRow::header_from}}};
constexpr std::string_view reason_path = "feedback/record/row/policy_evaluated/reason", dkim_path = "feedback/record/auth_results/dkim", spf_path = "feedback/record/auth_results/spf";
constexpr std::array<Place<ReportedReason>, 2> reason_places{{{"feedback/record/row/policy_evaluated/reason/type", &ReportedReason::type}, {"feedback/record/row/policy_evaluated/reason/comment", &ReportedReason::comment}}};
constexpr std::array<Place<ReportedDkim>, 4> dkim_places{{{"feedback/record/auth_results/dkim/domain", &ReportedDkim::domain},
                                                         {"feedback/record/auth_results/dkim/selector", &ReportedDkim::selector},
                                                         {"feedback/record/auth_results/dkim/result", &ReportedDkim::result},
                                                         {"feedback/record/auth_results/dkim/human_result", &ReportedDkim::human_result}}};
constexpr std::array<Place<ReportedSpf>, 4> spf_places{{{"feedback/record/auth_results/spf/domain", &ReportedSpf::domain},
                                                       {"feedback/record/auth_results/spf/scope", &ReportedSpf::scope},
                                                       {"feedback/record/auth_results/spf/result", &ReportedSpf::result},
                                                       {"feedback/record/auth_results/spf/human_result", &ReportedSpf::human_result}}};

template <class Into, std::size_t N>
bool put(const std::array<Place<Into>, N>& places, std::string_view path, std::string_view text, Into& into) {
  for (const auto& place : places)
    if (place.path == path) {
      into.*place.value = text;
      return true;
    }
  return false;
}

class Reader {
 public:
  Result<AggregateReport, SyntaxError> read(std::string_view xml) {
    XmlReader events(xml);
    for (;;) {
      TRY(event, events.next());
      if (!event) break;
      if (event->kind == XmlEvent::Kind::Open) {
        path_ += (path_.empty() ? "" : "/") + std::string(event->name);
        if (path_ == "feedback/record" && report_.rows.size() == most_report_rows) return Cursor(xml).expected("fewer records");
        continue;
      }
      if (!end_element(dkim::trimmed(event->text))) return Cursor(xml).expected("numbers where numbers belong");
      path_.resize(path_.size() - event->name.size());
      if (path_.ends_with('/')) path_.pop_back();
    }
    if (report_.organization.empty() || report_.policy.domain.empty() || report_.rows.empty()) return Cursor(xml).expected("a reporter, a domain and a record");
    return std::move(report_);
  }

 private:
  // False: a number is none.
  bool end_element(std::string_view text) {
    if (put(report_places, path_, text, report_) || put(policy_places, path_, text, report_.policy) || put(row_places, path_, text, row_) || put(reason_places, path_, text, reason_) ||
        put(dkim_places, path_, text, dkim_) || put(spf_places, path_, text, spf_))
      return true;
    if (path_ == "feedback/report_metadata/date_range/begin") return number(text, report_.begin);
    if (path_ == "feedback/report_metadata/date_range/end") return number(text, report_.end);
    if (path_ == "feedback/record/row/count") return number(text, row_.count);
    if (path_ == "feedback/report_metadata/error" && report_.errors.size() < most_report_errors) report_.errors.emplace_back(text);
    if (path_ == reason_path) gather(row_.reasons, reason_);
    if (path_ == dkim_path) gather(row_.dkim_results, dkim_);
    if (path_ == spf_path) gather(row_.spf_results, spf_);
    if (path_ == "feedback/record") report_.rows.push_back(std::exchange(row_, {}));
    return true;
  }
  template <class T>
  static void gather(std::vector<T>& into, T& one) {
    if (into.size() < most_row_results) into.push_back(std::move(one));
    one = {};
  }
  static bool number(std::string_view text, std::uint64_t& into) {
    const auto value = dkim::whole_number(text);
    if (value) into = *value;
    return value.has_value();
  }

  std::string path_;
  AggregateReport report_;
  ReportRow row_;
  ReportedReason reason_;
  ReportedDkim dkim_;
  ReportedSpf spf_;
};

}  // namespace

Result<AggregateReport, SyntaxError> parse_report(std::string_view xml) { return Reader().read(xml); }

}  // namespace hikyaku::dmarc
