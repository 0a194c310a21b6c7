"use strict";(self.rspackChunk_rpp_lab=self.rspackChunk_rpp_lab||[]).push([[232],{475(r,e,o){var p=o(601),t=o.n(p),n=o(314),i=(o.n(n))()(t());i.push([r.id,`.rpp-Panel {
  overflow: auto;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.45;
}

/* JupyterLab gives its side bars 250 pixels by id; a table and a form need more. */
#jp-right-stack .rpp-Panel.lm-Widget {
  min-width: 320px;
}

.jp-Toolbar-item[data-jp-item-name='rpp-review'] .jp-ToolbarButtonComponent-label {
  margin-left: 4px;
}

.rpp-Status:focus,
.rpp-Panel:focus {
  outline: none;
}

.rpp-Review {
  padding: 12px 14px 32px;
}

.rpp-Review h2 {
  font-size: 16px;
  font-weight: 600;
  margin: 0 0 2px;
}

.rpp-Review h3 {
  flex: 1;
  font-size: 14px;
  font-weight: 600;
  margin: 0;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.rpp-Review p {
  margin: 0 0 6px;
}

.rpp-Review ul {
  list-style: none;
  margin: 0;
  padding: 0;
}

.rpp-Review :focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.rpp-Review button.jp-mod-styled:disabled {
  cursor: default;
  opacity: 0.5;
}

.rpp-Hint,
.rpp-Where,
.rpp-More,
.rpp-Remedy {
  color: var(--jp-ui-font-color2);
}

.rpp-Hint,
.rpp-More {
  font-size: 12px;
}

.rpp-Notebook {
  align-items: center;
  border-top: 1px solid var(--jp-border-color2);
  display: flex;
  gap: 8px;
  margin-top: 12px;
  padding: 10px 0 6px;
}

.rpp-Review .rpp-Small {
  font-size: 12px;
  height: 24px;
  line-height: 22px;
  padding: 0 10px;
}

.rpp-Note,
.rpp-Refused,
.rpp-Done {
  border-left: 4px solid var(--jp-warn-color1);
  background: var(--jp-layout-color2);
  margin: 6px 0;
  padding: 8px 10px;
}

.rpp-Refused {
  border-color: var(--jp-error-color1);
}

.rpp-Refused ul {
  list-style: disc;
  padding-left: 18px;
}

.rpp-Done {
  border-color: var(--jp-success-color1);
}

.rpp-Refused p:last-child,
.rpp-Review .rpp-Note:last-child {
  margin-bottom: 0;
}

.rpp-Empty {
  background: var(--jp-layout-color2);
  border-radius: 4px;
  margin: 10px 0;
  padding: 12px;
}

.rpp-Outputs {
  border: 0;
  margin: 0;
  min-width: 0;
  padding: 0;
}

.rpp-Chosen {
  color: var(--jp-ui-font-color2);
  display: flex;
  justify-content: space-between;
  padding-bottom: 6px;
}

.rpp-Link {
  background: none;
  border: 0;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font: inherit;
  padding: 0;
  text-decoration: underline;
}

.rpp-Output {
  border: 1px solid var(--jp-border-color1);
  border-radius: 4px;
  margin-bottom: 8px;
  padding: 8px;
}

.rpp-Output.rpp-mod-chosen {
  border-color: var(--jp-brand-color1);
  box-shadow: inset 3px 0 0 var(--jp-brand-color1);
}

.rpp-Choice {
  align-items: flex-start;
  display: flex;
  gap: 8px;
}

.rpp-Choice input {
  flex: none;
  height: 16px;
  margin: 2px 0 0;
  width: 16px;
}

.rpp-Choice label {
  cursor: pointer;
  flex: 1;
  min-width: 0;
  overflow-wrap: anywhere;
}

.rpp-Kind,
.rpp-State {
  background: var(--jp-layout-color3);
  border-radius: 3px;
  color: var(--jp-ui-font-color1);
  font-size: 11px;
  padding: 1px 6px;
}

.rpp-Look {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color2);
  display: block;
  margin-top: 8px;
  max-height: 180px;
  max-width: 100%;
  overflow: auto;
}

img.rpp-Look {
  background: white;
  object-fit: contain;
  object-position: left;
}

.rpp-Look pre {
  font-family: var(--jp-code-font-family);
  font-size: 12px;
  margin: 0;
  padding: 6px;
  white-space: pre;
}

.rpp-Look pre.rpp-mod-line {
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

.rpp-Look table {
  border-collapse: collapse;
  font-size: 12px;
  font-variant-numeric: tabular-nums;
}

.rpp-Look th,
.rpp-Look td {
  border-bottom: 1px solid var(--jp-border-color2);
  padding: 2px 8px;
  text-align: right;
  white-space: nowrap;
}

.rpp-Look th[scope='row'] {
  font-weight: 600;
  text-align: left;
}

.rpp-More {
  padding: 2px 8px;
}

.rpp-Findings {
  margin-top: 6px;
}

.rpp-Findings li {
  border-left: 3px solid var(--jp-warn-color1);
  font-size: 12px;
  margin-top: 6px;
  padding-left: 8px;
}

.rpp-Findings li.rpp-mod-fail {
  border-color: var(--jp-error-color1);
}

.rpp-Also {
  color: var(--jp-ui-font-color2);
  font-size: 12px;
  padding: 2px 0;
}

.rpp-LeftOut {
  font-size: 12px;
  margin: 4px 0;
}

.rpp-LeftOut summary {
  cursor: pointer;
}

.rpp-Review .rpp-LeftOut ul {
  list-style: disc;
  padding: 4px 0 0 18px;
}

.rpp-Form {
  margin-top: 12px;
}

.rpp-Words {
  margin-bottom: 12px;
}

.rpp-Words label {
  font-weight: 600;
}

.rpp-Required {
  color: var(--jp-ui-font-color2);
  font-size: 11px;
  font-weight: 400;
}

.rpp-Review .rpp-Words textarea.jp-mod-styled {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  box-sizing: border-box;
  color: var(--jp-ui-font-color1);
  font: inherit;
  height: auto;
  padding: 6px 8px;
  resize: vertical;
  width: 100%;
}

.rpp-Round {
  align-items: flex-start;
  display: flex;
  gap: 8px;
  margin-bottom: 8px;
}

.rpp-Round input {
  flex: none;
  margin: 3px 0 0;
}

.rpp-Review .rpp-Submit {
  height: auto;
  line-height: 1.3;
  min-height: 32px;
  padding: 6px 12px;
  white-space: normal;
  width: 100%;
}

.rpp-Busy::before {
  animation: rpp-turn 1s linear infinite;
  border: 2px solid var(--jp-border-color1);
  border-radius: 50%;
  border-top-color: var(--jp-brand-color1);
  content: '';
  display: inline-block;
  height: 10px;
  margin-right: 8px;
  width: 10px;
}

@keyframes rpp-turn {
  to {
    transform: rotate(360deg);
  }
}

@media (prefers-reduced-motion: reduce) {
  .rpp-Busy::before {
    animation: none;
  }
}

.rpp-Requests li {
  border-bottom: 1px solid var(--jp-border-color2);
  padding: 6px 0;
}

.rpp-RequestName {
  overflow-wrap: anywhere;
}

.rpp-RequestName a {
  color: var(--jp-content-link-color);
  font-weight: 600;
}

.rpp-RequestState {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  margin-top: 2px;
}

.rpp-Usage {
  display: flex;
  align-items: center;
  font-size: var(--jp-ui-font-size1);
  white-space: nowrap;
}

.rpp-Usage-share {
  margin: 0 4px;
}

.rpp-Usage-share.rpp-mod-full {
  color: var(--jp-error-color0);
  font-weight: 600;
}

/* Under an output, as wide as the output itself; the prompt's column stays empty. */
.rpp-Line {
  border-left: 3px solid var(--jp-success-color1);
  color: var(--jp-ui-font-color2);
  font-family: var(--jp-ui-font-family);
  font-size: 12px;
  line-height: 1.4;
  margin: 2px 0 6px calc(var(--jp-cell-prompt-width) + 5px);
  overflow-wrap: anywhere;
  padding: 1px 8px;
}

.rpp-Line.rpp-mod-review,
.rpp-Line.rpp-mod-waiting {
  border-color: var(--jp-warn-color1);
}

.rpp-Line.rpp-mod-fail {
  border-color: var(--jp-error-color1);
  color: var(--jp-ui-font-color1);
}

.rpp-Line:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

@media (max-width: 600px) {
  .rpp-Line {
    margin-left: 5px;
  }
}
`,""]),o.d(e,{},{A:i})},314(r){r.exports=function(r){var e=[];return e.toString=function(){return this.map(function(e){var o="",p=void 0!==e[5];return e[4]&&(o+="@supports (".concat(e[4],") {")),e[2]&&(o+="@media ".concat(e[2]," {")),p&&(o+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),o+=r(e),p&&(o+="}"),e[2]&&(o+="}"),e[4]&&(o+="}"),o}).join("")},e.i=function(r,o,p,t,n){"string"==typeof r&&(r=[[null,r,void 0]]);var i={};if(p)for(var a=0;a<this.length;a++){var l=this[a][0];null!=l&&(i[l]=!0)}for(var s=0;s<r.length;s++){var d=[].concat(r[s]);p&&i[d[0]]||(void 0!==n&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=n),o&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=o),t&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=t):d[4]="".concat(t)),e.push(d))}},e}},601(r){r.exports=function(r){return r[1]}},72(r){var e=[];function o(r){for(var o=-1,p=0;p<e.length;p++)if(e[p].identifier===r){o=p;break}return o}function p(r,p){for(var t={},n=[],i=0;i<r.length;i++){var a=r[i],l=p.base?a[0]+p.base:a[0],s=t[l]||0,d="".concat(l," ").concat(s);t[l]=s+1;var c=o(d),u={css:a[1],media:a[2],sourceMap:a[3],supports:a[4],layer:a[5]};if(-1!==c)e[c].references++,e[c].updater(u);else{var f=function(r,e){var o=e.domAPI(e);return o.update(r),function(e){e?(e.css!==r.css||e.media!==r.media||e.sourceMap!==r.sourceMap||e.supports!==r.supports||e.layer!==r.layer)&&o.update(r=e):o.remove()}}(u,p);p.byIndex=i,e.splice(i,0,{identifier:d,updater:f,references:1})}n.push(d)}return n}r.exports=function(r,t){var n=p(r=r||[],t=t||{});return function(r){r=r||[];for(var i=0;i<n.length;i++){var a=o(n[i]);e[a].references--}for(var l=p(r,t),s=0;s<n.length;s++){var d=o(n[s]);0===e[d].references&&(e[d].updater(),e.splice(d,1))}n=l}}},659(r){var e={};r.exports=function(r,o){var p=function(r){if(void 0===e[r]){var o=document.querySelector(r);if(window.HTMLIFrameElement&&o instanceof window.HTMLIFrameElement)try{o=o.contentDocument.head}catch(r){o=null}e[r]=o}return e[r]}(r);if(!p)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");p.appendChild(o)}},540(r){r.exports=function(r){var e=document.createElement("style");return r.setAttributes(e,r.attributes),r.insert(e,r.options),e}},56(r,e,o){r.exports=function(r){var e=o.nc;e&&r.setAttribute("nonce",e)}},825(r){r.exports=function(r){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=r.insertStyleElement(r);return{update:function(o){var p,t,n;p="",o.supports&&(p+="@supports (".concat(o.supports,") {")),o.media&&(p+="@media ".concat(o.media," {")),(t=void 0!==o.layer)&&(p+="@layer".concat(o.layer.length>0?" ".concat(o.layer):""," {")),p+=o.css,t&&(p+="}"),o.media&&(p+="}"),o.supports&&(p+="}"),(n=o.sourceMap)&&"u">typeof btoa&&(p+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(n))))," */")),r.styleTagTransform(p,e,r.options)},remove:function(){var r;null===(r=e).parentNode||r.parentNode.removeChild(r)}}}},113(r){r.exports=function(r,e){if(e.styleSheet)e.styleSheet.cssText=r;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(r))}}},579(r,e,o){var p=o(72),t=o.n(p),n=o(825),i=o.n(n),a=o(659),l=o.n(a),s=o(56),d=o.n(s),c=o(540),u=o.n(c),f=o(113),x=o.n(f),m=o(475),g={};g.styleTagTransform=x(),g.setAttributes=d(),g.insert=l().bind(null,"head"),g.domAPI=i(),g.insertStyleElement=u(),t()(m.A,g),m.A&&m.A.locals&&m.A.locals}}]);