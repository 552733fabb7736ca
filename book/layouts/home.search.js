window.bookIndex = [
{{- range site.RegularPages }}
{{ dict "title" (partial "title.html" .) "url" (strings.TrimPrefix "/" .RelPermalink) "text" (.Plain | htmlUnescape) | jsonify }},
{{- end }}
];
