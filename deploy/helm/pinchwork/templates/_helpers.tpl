{{- define "pinchwork.selector" -}}
app.kubernetes.io/name: pinchwork
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "pinchwork.labels" -}}
{{ include "pinchwork.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
