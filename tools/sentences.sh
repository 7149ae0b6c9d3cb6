# Sourced by tools/packages.sh: what ./run says, in English and Japanese. `words KEY ARGUMENT...` prints a sentence, each %s an argument in
# their order; in English unless `language` is ja.

language=en

# As the command line decides it (apps/cli/language/locale_language.h): the first of these that says anything. The sentences are UTF-8.
language_of_locale() {
  case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
    ja*.[Uu][Tt][Ff]-8 | ja*.[Uu][Tt][Ff]8 | ja*.[Uu][Tt][Ff]-8@* | ja*.[Uu][Tt][Ff]8@*) echo ja ;;
    ja*.*) echo en ;;
    ja*) echo ja ;;
    *) echo en ;;
  esac
}

declare -A sentences_en=() sentences_ja=()
sentence() { sentences_en[$1]=$2 sentences_ja[$1]=$3; }
words() {
  local key=$1 form
  shift
  if [ "$language" = ja ]; then form=${sentences_ja[$key]}; else form=${sentences_en[$key]}; fi
  printf "$form" "$@"
}

sentence to_build "build Hikyaku" "Hikyaku のビルド"
sentence packages_by_hand "To %s these Debian packages are missing: %s. Install them as root: apt-get install %s" \
  "%sに必要な Debian パッケージがない: %s。root で導入する: apt-get install %s"
sentence packages_installing "To %s, installing %s Debian packages: %s" "%sのため、Debian パッケージ %s 個を導入する: %s"
sentence packages_lists "  fetching the package lists first" "  先にパッケージ一覧を取得する"
sentence packages_failed "apt-get could not install them (its last words are above). Repair the package sources, then try again." \
  "apt-get で導入できなかった(最後のメッセージは上のとおり)。パッケージの取得元を直してから、もう一度実行する。"

sentence unknown_option './run does not know "%s". Remedy: ./run --help' './run に「%s」という指定はない。使い方: ./run --help'
sentence bad_port_base 'HIKYAKU_PORT_BASE is "%s", which cannot be added to ports. Remedy: a number from 1 to %s, as in HIKYAKU_PORT_BASE=3000 ./run' \
  'HIKYAKU_PORT_BASE の値「%s」はポートの基準にできない。1 から %s までの数を指定する: HIKYAKU_PORT_BASE=3000 ./run'
sentence runs_already "Hikyaku runs here already: it is stopped and started anew." "Hikyaku は既に動いている。停止して起動し直す。"
sentence building "Building the release. The first time takes some minutes; progress:" "リリース版をビルドする。初回は数分かかる。進行状況:"
sentence build_failed "The build failed; everything it said is in %s. Remedy: if a package is named there, install it; otherwise report the first error." \
  "ビルドに失敗した。全出力は %s にある。パッケージの不足が示されていれば導入し、それ以外なら最初のエラーを報告する。"
sentence built "Built in %s s." "%s 秒でビルドした。"
sentence nothing_runs "Nothing runs here." "ここでは何も動いていない。"
sentence stopped "Stopped." "停止した。"
sentence not_ended "The server (process %s) has not ended within 30 s. Remedy: hikyaku log shows what it waits for; kill -9 %s ends it, nothing acknowledged is lost." \
  "サーバ(プロセス %s)が 30 秒たっても終わらない。何を待っているかは hikyaku log でわかる。kill -9 %s で強制終了しても、受け取ったメールは失われない。"
sentence no_certificate "openssl could not make a certificate: %s" "openssl で証明書を作成できなかった: %s"
sentence runs_as_root "Note: the user %s cannot reach %s, so the services run as root, without its capabilities." \
  "注意: ユーザ %s は %s に到達できないため、サービスは root で(特権なしで)動く。"
sentence port_taken "A port is taken by another program. Remedy: end that one, or move every port: HIKYAKU_PORT_BASE=%s ./run" \
  "ポートを別のプログラムが使用中。そのプログラムを終了するか、すべてのポートをずらす: HIKYAKU_PORT_BASE=%s ./run"
sentence not_started "The server could not start; its own words are above." "サーバを起動できなかった。理由は上のとおり。"
sentence keeps_failing "A service keeps failing; its own words are above. Remedy: %s log shows more." "サービスの起動に繰り返し失敗した。理由は上のとおり。詳しくは %s log で見る。"
sentence not_ready "The server is not ready after a minute. Remedy: %s status tells which service is not; %s has its words." \
  "1 分たってもサーバの準備が終わらない。どのサービスかは %s status でわかる。出力は %s にある。"
sentence no_accounts "The demo accounts could not be made. Remedy: rm -r %s, then ./run again." "デモのアカウントを作成できなかった。rm -r %s を実行してから、もう一度 ./run を実行する。"
sentence service_stopped "    %s: stopped since %s by %s. Start it: %s service start %s" "    %s: %s に %s が停止した。開始するには: %s service start %s"
sentence stay_stopped "  Not everything runs. These services were stopped by a command and stay stopped:" "  動いていないサービスがある。次のサービスはコマンドで停止され、停止したままになっている:"
sentence runs "  Hikyaku runs." "  Hikyaku が動いている。"
sentence runs_but "  Hikyaku runs, but for the services above." "  上のサービスを除き、Hikyaku が動いている。"
sentence ports "    SMTP %s   submission %s (STARTTLS), %s (TLS)   LMTP %s" "    SMTP %s   送信(submission) %s (STARTTLS)、%s (TLS)   LMTP %s"
sentence mail_ports "    POP3 %s, %s (TLS)        IMAP %s, %s (TLS)" "    POP3 %s、%s (TLS)        IMAP %s、%s (TLS)"
sentence account "    %-20s password %s" "    %-20s パスワード %s"
sentence to_try "  Try:" "  試すには:"
sentence log_follows "The log follows. Ctrl-C stops the server." "以下はログ。Ctrl-C でサーバを停止する。"
sentence ended_by_itself "The server ended by itself; its last words are above." "サーバがひとりでに終了した。最後の出力は上のとおり。"
sentence help "\
Builds Hikyaku and starts a whole demonstration server on unprivileged ports, with its data under var/.
  ./run                        builds, starts, prints a card, follows the log until Ctrl-C stops everything cleanly
  ./run --detach               returns when everything answers; ./run --stop stops it
  ./run --open-loopback-relay  programs on this machine may send to RELAY_DOMAIN without logging in
HIKYAKU_VAR=folder keeps the data elsewhere than in var/, HIKYAKU_PORT_BASE=N moves every port (2000 is the default),
HIKYAKU=program starts that one and builds nothing." "\
Hikyaku をビルドし、特権の要らないポートでデモのサーバ一式を起動する。データは var/ に置く。
  ./run                        ビルドして起動し、案内を表示してログを流し続ける。Ctrl-C ですべて停止する
  ./run --detach               すべてが応答したら戻る。停止は ./run --stop
  ./run --open-loopback-relay  このマシンのプログラムから RELAY_DOMAIN へ、ログインなしで送れるようにする
HIKYAKU_VAR=フォルダ でデータの置き場所を、HIKYAKU_PORT_BASE=N で全ポートの基準(既定は 2000)を変える。
HIKYAKU=プログラム を指定すると、ビルドせずにそれを起動する。"
